"""What the gate goes by: pure functions of rules, holds, requests and days."""

import calendar
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from closeknit.kernel.errors import Invalid
from closeknit.rooms.privacy.compute.consents import places_of
from closeknit.rooms.privacy.contracts.keeping import (
    DataClass,
    DataRequest,
    Hold,
    RequestKind,
    RequestState,
    RetentionRule,
    Verdict,
)
from closeknit.rooms.privacy.contracts.purposes import EEA
from closeknit.rooms.privacy.contracts.subjects import Subject

EXTENSION_MONTHS = 2


def rule_for(rules: Iterable[RetentionRule], data_class: DataClass, jurisdiction: str) -> RetentionRule | None:
    """Return the rule of a class in a jurisdiction: its own, its country's, the EU's within it, else "elsewhere"."""
    known = {rule.jurisdiction: rule for rule in rules if rule.data_class is data_class}
    return next((known[place] for place in places_of(jurisdiction) if place in known), None)


def judge_deletion(
    data_class: DataClass,
    *,
    subject: Subject | None,
    jurisdiction: str,
    newest_on: date | None,
    on: date,
    rules: Sequence[RetentionRule],
    holds: Sequence[Hold],
    requests: Sequence[DataRequest],
    answering: DataRequest | None = None,
) -> Verdict:
    """Return whether data of a class may go. Refuses where no rule is known, rather than guess.

    `newest_on`: the day of the newest row that would go; None: unknown, so a floor counts from today. Holds and open
    requests are those that stand; `answering` is the request that the deletion answers, if any.
    """
    rule = rule_for(rules, data_class, jurisdiction)
    if rule is None:
        return Verdict(False, data_class, f"No rule says how long {data_class} is kept in {jurisdiction or 'general'}.")
    for hold in holds:
        if _covers(hold, data_class, subject):
            return Verdict(False, data_class, f"It is on hold: {hold.title} ({hold.placed_at:%Y-%m-%d}).")
    for request in requests:
        if _protects(request, subject, answering):
            return Verdict(False, data_class, f"A request of {request.received_on} ({request.kind}) is open.")
    keep_until = (newest_on or on) + timedelta(days=rule.least_days)
    if rule.least_days and on < keep_until:
        return Verdict(False, data_class, f"It must be kept: {rule.law}.", keep_until)
    return Verdict(True, data_class, f"Kept long enough: {rule.law}.")


def _covers(hold: Hold, data_class: DataClass, subject: Subject | None) -> bool:
    if hold.classes and data_class not in hold.classes:
        return False
    # Where rows of a class are not told apart by subject, a hold on any one of them keeps the class.
    return hold.subject is None or subject is None or hold.subject == subject


def _protects(request: DataRequest, subject: Subject | None, answering: DataRequest | None) -> bool:
    if request.state is not RequestState.OPEN or request.subject != subject:
        return False
    if answering is not None and request.request_id == answering.request_id:
        return False
    return request.kind is not RequestKind.ERASURE


def due_date(kind: RequestKind, received_on: date, jurisdiction: str) -> tuple[date, str]:
    """Return by which day the law wants a request answered, and which law it is. The strictest one where unknown."""
    country = jurisdiction.strip().upper().partition("-")[0]
    if country in EEA or country == "EU":
        return next_weekday(add_months(received_on, 1)), "GDPR Art. 12(3): one month"
    if country == "GB":
        return next_weekday(add_months(received_on, 1)), "UK GDPR Art. 12(3): one month"
    if country == "US":
        if kind is RequestKind.OBJECTION:
            return add_business_days(received_on, 15), "CCPA Regs. § 7026(f): fifteen business days"
        return received_on + timedelta(days=45), "CCPA § 1798.130(a)(2): 45 days"
    if country == "BR":
        return received_on + timedelta(days=15), "LGPD Art. 19: fifteen days"
    return received_on + timedelta(days=15), "House rule where no law is known: fifteen days, the strictest"


def latest_extension(received_on: date, jurisdiction: str) -> date:
    """Return to which day a request may be extended.

    Raises:
        Invalid: where the law knows no extension.
    """
    country = jurisdiction.strip().upper().partition("-")[0]
    if country in EEA or country in ("EU", "GB"):
        return add_months(received_on, 1 + EXTENSION_MONTHS)
    if country == "US":
        return received_on + timedelta(days=90)
    raise Invalid("The law of this jurisdiction knows no extension.", where="until_on", todo="Answer it in time.")


def add_months(day: date, months: int) -> date:
    """Return the corresponding day some months on; the last of the month where there is none."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def next_weekday(day: date) -> date:
    """Return the day, or the Monday after a weekend. Public holidays do not count: the earlier day is safe."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)


def add_business_days(day: date, days: int) -> date:
    """Return the day some business days (Monday to Friday) on."""
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day
