"""How well accounts are known: now or at any past instant, and as kept week by week."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.compute.intimacy import (
    Found,
    Knowledge,
    index_of_domain,
    mean_points,
    read_criteria,
    shipped_criteria,
)
from closeknit.rooms.customers.contracts.intimacy import (
    IntimacyCard,
    IntimacyCriteria,
    IntimacyRow,
    Topic,
)
from closeknit.rooms.customers.models import Account, IntimacyCriteriaRow, IntimacyRowKept
from closeknit.rooms.customers.reads.accounts import get_account, visible_accounts
from closeknit.rooms.customers.reads.insights import list_insights
from closeknit.rooms.customers.reads.records import golden_numbers, statements_of
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing

MOST_INSIGHTS = 100_000


def get_intimacy_criteria(*, by: Actor, at: datetime) -> IntimacyCriteria:
    """Return the criteria that were in force at an instant: the last adopted, or those that come with Closeknit."""
    by.require(Permission.READ_INTERNAL)
    row = IntimacyCriteriaRow.objects.filter(adopted_at__lte=at).order_by("-adopted_at", "-id").first()
    return read_criteria(row.text if row else shipped_criteria())


def get_intimacy(account_number: str, *, by: Actor, at: datetime) -> IntimacyCard:
    """Return how well an account was known at an instant, term by term, with what was missing."""
    account = get_account(account_number, by=by, permission=Permission.READ_INTERNAL)
    return intimacy_of([account.account_number], by=by, at=at)[0]


def list_intimacy(
    *, by: Actor, at: datetime, after: tuple[Decimal, str] | None = None, limit: int = 100
) -> list[IntimacyRow]:
    """Return accounts that the actor may see as kept last before an instant, least known first, after one."""
    on = latest_intimacy_on(by=by, at=at)
    if on is None:
        return []
    accounts = visible_accounts(by, Permission.READ_INTERNAL)
    rows = IntimacyRowKept.objects.filter(as_of_on=on, account_number__in=accounts.values("account_number")).order_by(
        "points", "account_number"
    )
    if after is not None:
        least, number = after
        rows = rows.exclude(points__lt=least).exclude(points=least, account_number__lte=number)
    found = list(rows[:limit])
    named = {row.account_number: row for row in accounts.filter(account_number__in=[r.account_number for r in found])}
    return [_row(row, named[row.account_number]) for row in found]


def latest_intimacy_on(*, by: Actor, at: datetime) -> date | None:
    """Return the last day before an instant as of which intimacy was kept."""
    by.require(Permission.READ_INTERNAL)
    rows = IntimacyRowKept.objects.filter(as_of_on__lte=at.date()).order_by("-as_of_on")
    return rows.values_list("as_of_on", flat=True).first()


def intimacy_of(account_numbers: Sequence[str], *, by: Actor, at: datetime) -> list[IntimacyCard]:
    """Return how well accounts were known at an instant. Those that the actor may not see are left out."""
    accounts = visible_accounts(by, Permission.READ_INTERNAL).filter(account_number__in=list(account_numbers))
    names = dict(accounts.order_by("account_number").values_list("account_number", "name"))
    criteria = get_intimacy_criteria(by=by, at=at)
    known = _knowledge(list(names), at)
    decided = {
        days: decisions.count_entries_of_accounts(
            since_at=at - timedelta(days=days), until_at=at, by=org.system_actor(), account_numbers=list(names)
        )
        for days in {domain.use_days for domain in criteria.domains}
    }
    cards = []
    for number, name in names.items():
        domains = tuple(
            index_of_domain(domain, known[number], decided[domain.use_days].get(number, 0), at)
            for domain in criteria.domains
        )
        cards.append(IntimacyCard(number, name, at.date(), criteria.version, mean_points(domains), domains))
    return cards


def _knowledge(account_numbers: Sequence[str], at: datetime) -> dict[str, Knowledge]:
    """What is known of accounts, aliases' too. The caller has checked who may see them."""
    system = org.system_actor()
    wanted = set(account_numbers)
    golden = golden_numbers(by=system, at=at)
    asked = sorted(wanted | {alias for alias, number in golden.items() if number in wanted})
    found: dict[str, dict[tuple[Topic, str], Found]] = defaultdict(dict)

    def add(number: str, topic: Topic, name: str, part: Found) -> None:
        mine = found[number]
        mine[topic, name] = mine[topic, name].joined(part) if (topic, name) in mine else part

    for row in sensing.list_known(at=at, by=system, account_numbers=asked):
        number = golden.get(row.account_number, row.account_number)
        add(number, Topic(row.topic), row.name, Found(row.count, row.first_at, row.last_at))
    for number, statements in statements_of(account_numbers, by=system, at=at).items():
        for statement in statements:
            for field, value in statement.fields.items():
                if value:
                    add(number, Topic.FIELD, field, Found(1, statement.observed_at, statement.observed_at))
    for insight in list_insights(by=system, at=at, limit=MOST_INSIGHTS):
        if insight.recorded_at <= at:
            number = golden.get(insight.account_number, insight.account_number)
            if number in wanted:
                add(number, Topic.INSIGHT, "", Found(1, insight.recorded_at, insight.recorded_at))
    return {number: found.get(number, {}) for number in account_numbers}


def _row(row: IntimacyRowKept, account: Account) -> IntimacyRow:
    return IntimacyRow(
        account_number=row.account_number,
        name=account.name,
        tier=account.tier,
        as_of_on=row.as_of_on,
        points=row.points,
        domain_points={part["domain"]: Decimal(part["points"]) for part in row.domains},
        missing=sum(len(part["missing"]) for part in row.domains),
    )
