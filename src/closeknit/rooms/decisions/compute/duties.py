"""When a duty falls due and when it is overdue, in its own time zone; templates read from YAML. Pure."""

import calendar
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import yaml

from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.compute.notices import instant_of
from closeknit.rooms.decisions.contracts.duties import Cadence, DutyRule, DutyTemplate

MONTHS = {Cadence.MONTHLY: 1, Cadence.QUARTERLY: 3, Cadence.YEARLY: 12}
MOST_BUSINESS_DAY = 15
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
RULE_FIELDS = {"cadence", "weekday", "business_day", "day", "month", "days_to_sign", "time_zone"}
TEMPLATE_FIELDS = {"name", "about", "role", "each", "rule", "evidence", "statement"}


def due_dates(rule: DutyRule, after: date, until: date) -> Iterator[date]:
    """Yield the due dates later than `after` and not later than `until`, in order; one in each period."""
    if rule.cadence is Cadence.WEEKLY:
        first = after + timedelta(days=1)
        first += timedelta(days=(rule.weekday - 1 - first.weekday()) % 7)
        while first <= until:
            yield first
            first += timedelta(days=7)
        return
    length = MONTHS[rule.cadence]
    period = (after.year * 12 + after.month - 1) // length * length
    while True:
        year, month = divmod(period + rule.month - 1, 12)
        found = _date_in_month(rule, year, month + 1)
        if found > until:
            return
        if found > after:
            yield found
        period += length


def next_due_on(rule: DutyRule, after: date) -> date:
    """Return the first due date later than a day."""
    return next(due_dates(rule, after, after + timedelta(days=800)))


def previous_due_on(rule: DutyRule, before: date) -> date:
    """Return the last due date earlier than a day."""
    *_, last = due_dates(rule, before - timedelta(days=800), before - timedelta(days=1))
    return last


def falls_due_at(rule: DutyRule, due_on: date) -> datetime:
    """Return the first instant of a due date where the duty is at home."""
    return instant_of(datetime.combine(due_on, time()), ZoneInfo(rule.time_zone))


def sign_by_at(rule: DutyRule, due_on: date) -> datetime:
    """Return the instant from which a duty is overdue: the end of the last business day to sign on."""
    last = due_on
    for _ in range(rule.days_to_sign):
        last += timedelta(days=1)
        while last.weekday() >= 5:
            last += timedelta(days=1)
    return falls_due_at(rule, last + timedelta(days=1))


def local_day(rule: DutyRule, at: datetime) -> date:
    """Return the date that it is where the duty is at home."""
    return at.astimezone(ZoneInfo(rule.time_zone)).date()


def cause_of(duty_id: UUID, due_on: date) -> str:
    """Return the cause under which a due date is escalated and its owners are told."""
    return f"duty:{duty_id}:{due_on.isoformat()}"


def describe(rule: DutyRule) -> str:
    """Say a rule in words."""
    if rule.cadence is Cadence.WEEKLY:
        when = f"every {WEEKDAYS[rule.weekday - 1]}"
    else:
        day = f"day {rule.day}" if rule.day else _ordinal(rule.business_day)
        place = {
            Cadence.MONTHLY: "of every month",
            Cadence.QUARTERLY: f"of month {rule.month} of every quarter",
            Cadence.YEARLY: f"of {calendar.month_name[rule.month]} every year",
        }[rule.cadence]
        when = f"{day} {place}"
    days = "the same day" if rule.days_to_sign == 0 else f"{rule.days_to_sign} business days"
    return f"{when} ({rule.time_zone}), to be signed within {days}"


def check_rule(rule: DutyRule) -> DutyRule:
    """Return a rule that names one day in each period.

    Raises:
        Invalid: with the field that does not.
    """
    if rule.time_zone not in available_timezones():
        raise Invalid("There is no such time zone.", where="time_zone", todo="Write it as Europe/Berlin.")
    if not 0 <= rule.days_to_sign <= 60:
        raise Invalid("A duty is signed within 0 to 60 business days.", where="days_to_sign")
    if rule.cadence is Cadence.WEEKLY:
        if not 1 <= rule.weekday <= 5 or rule.day or rule.business_day:
            raise Invalid("A weekly duty falls on a weekday from 1 (Monday) to 5 (Friday).", where="weekday")
        return rule
    if rule.weekday or bool(rule.day) == bool(rule.business_day):
        raise Invalid("Give either a day or a business day.", where="day", todo="For the last one: business_day -1.")
    if not 0 <= rule.day <= 31 or abs(rule.business_day) > MOST_BUSINESS_DAY:
        raise Invalid("A day is from 1 to 31, a business day from -15 to 15.", where="day")
    if not 1 <= rule.month <= MONTHS[rule.cadence]:
        raise Invalid(f"The month of the period is from 1 to {MONTHS[rule.cadence]}.", where="month")
    return rule


def read_rule(given: Mapping[str, Any]) -> DutyRule:
    """Return a checked rule from plain values."""
    _check_fields(given, RULE_FIELDS, {"cadence"}, "rule")
    try:
        numbers = {k: int(v) for k, v in given.items() if k not in ("cadence", "time_zone")}
        rule = DutyRule(Cadence(given["cadence"]), time_zone=str(given.get("time_zone", "UTC")), **numbers)
    except (ValueError, TypeError) as failure:
        raise Invalid(f"The rule cannot be read: {failure}.", where="rule") from failure
    return check_rule(rule)


def plain_rule(rule: DutyRule) -> dict[str, Any]:
    """Return a rule as plain values, for storing."""
    return {
        "cadence": rule.cadence.value,
        "weekday": rule.weekday,
        "business_day": rule.business_day,
        "day": rule.day,
        "month": rule.month,
        "days_to_sign": rule.days_to_sign,
        "time_zone": rule.time_zone,
    }


def read_templates(text: str) -> dict[str, DutyTemplate]:
    """Return the templates of a YAML text, by key."""
    found = {}
    for key, given in yaml.safe_load(text).items():
        _check_fields(given, TEMPLATE_FIELDS, TEMPLATE_FIELDS - {"each"}, key)
        found[key] = DutyTemplate(
            key=key,
            name=given["name"],
            about=" ".join(given["about"].split()),
            role=given["role"],
            each=bool(given.get("each", False)),
            rule=read_rule(given["rule"]),
            evidence=tuple(given["evidence"]),
            statement=" ".join(given["statement"].split()),
        )
    return found


def _date_in_month(rule: DutyRule, year: int, month: int) -> date:
    length = calendar.monthrange(year, month)[1]
    if rule.business_day:
        days = [d for n in range(1, length + 1) if (d := date(year, month, n)).weekday() < 5]
        return days[rule.business_day - (1 if rule.business_day > 0 else 0)]
    # The convention "modified following".
    found = date(year, month, min(rule.day, length))
    ahead = found + timedelta(days=(7 - found.weekday()) % 7 if found.weekday() >= 5 else 0)
    return ahead if ahead.month == month else found - timedelta(days=found.weekday() - 4)


def _ordinal(number: int) -> str:
    names = {1: "first", 2: "second", 3: "third", -1: "last"}
    if number in names:
        return f"the {names[number]} business day"
    return f"business day {number}" if number > 0 else f"business day {-number} from the end"


def _check_fields(given: Mapping[str, Any], known: set[str], needed: set[str], where: str) -> None:
    unknown, missing = set(given) - known, needed - set(given)
    if unknown or missing:
        named = f"unknown: {', '.join(sorted(unknown))}" if unknown else f"missing: {', '.join(sorted(missing))}"
        raise Invalid(f"A field is {named}.", where=where)
