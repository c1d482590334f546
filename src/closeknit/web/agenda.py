"""What needs a person today, from every room, in one order: by what comes of leaving it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode

from closeknit.kernel.actor import Actor
from closeknit.kernel.amounts import places_by_currency
from closeknit.kernel.errors import Denied
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.contracts import ThreatenedAccount
from closeknit.rooms.capacity import reads as capacity
from closeknit.rooms.capacity.contracts import PlanCard, PlanState
from closeknit.rooms.customers.contracts import TIER_ORDER
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.contracts import InboxItem, InboxKind
from closeknit.rooms.demand import reads as demand
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.web import figures

SOON = timedelta(hours=4)
OF_DECISIONS = (Permission.READ_DECISIONS, Permission.DECIDE, Permission.READ_LEDGER)
READABLE_BY = (*OF_DECISIONS, Permission.READ_CAPACITY, Permission.READ_FEEDS)
TIERS = [tier.value for tier in TIER_ORDER]
MOST_OF_A_KIND = 50
MOST_COUNTED = 10_000
ACCOUNTS_NAMED = 3
LEAST_HOURS = 0.5
TODO = {
    InboxKind.PROPOSAL: "Decide",
    InboxKind.ESCALATION: "Take it on",
    InboxKind.DUTY: "Sign it",
    InboxKind.EXCEPTION: "Review it",
    InboxKind.NOTICE: "Read it",
}
BECAUSE = {
    InboxKind.PROPOSAL: "Policy leaves it to a person, and you may decide.",
    InboxKind.ESCALATION: "It was escalated to you.",
    InboxKind.DUTY: "You are to sign it.",
    InboxKind.EXCEPTION: "A rule is not held to, and its time is up.",
    InboxKind.NOTICE: "You were told.",
}


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One thing to do: why it is there, what to do and where. `money` is what is at stake, None where not known.

    `due_at` None: nothing runs out. `is_lost`: its time is over, and what is left is to make good.
    `is_rest`: it stands for many, after those that are named.
    """

    kind: str
    title: str
    because: str
    todo: str
    link: str
    tier: str = ""
    money: Decimal | None = None
    currency: str = ""
    due_at: datetime | None = None
    thread_id: UUID | None = None
    is_lost: bool = False
    is_rest: bool = False


def list_agenda(*, by: Actor, at: datetime) -> list[AgendaItem]:
    """Return what needs the actor, by consequence.

    First what can still be done within four hours; then by the size of the money at stake (its number of digits: a
    strategic account's 900 is not less than a volume account's 950), the closest tier, the money itself and the least
    time. Sizes and money are compared within one currency: the largest of each comes before the second of any.
    """
    if not any(by.may(permission) for permission in READABLE_BY):
        raise Denied(
            f"{by.name} has nothing to see to here.",
            where=f"permission {Permission.READ_DECISIONS}",
            todo="Ask an administrator for a role that includes it.",
        )
    items = list(_items(by, at))
    items = [items[place] for place in _by_consequence(items, at)]
    others = [item for item in items if item.is_rest]
    first = [item for item in items if not item.is_rest]
    named = max((place for place, item in enumerate(first, start=1) if item.kind == "promise"), default=0)
    return [*first[:named], *others, *first[named:]]


def _items(by: Actor, at: datetime) -> Iterable[AgendaItem]:
    if any(by.may(permission) for permission in OF_DECISIONS):
        yield from (_of_inbox(item) for item in decisions.get_inbox(by=by, at=at, limit=MOST_OF_A_KIND).items)
    if by.may(Permission.READ_ACCOUNTS) and by.may(Permission.READ_INTERNAL):
        yield from _of_threatened(agreements.list_threatened_accounts(by=by, at=at, limit=MOST_COUNTED), at)
    if by.may(Permission.READ_CAPACITY):
        plans = capacity.list_plans(by=by, states=[PlanState.COMMITTED], limit=MOST_OF_A_KIND)
        yield from (_of_plan(plan) for plan in plans if (plan.short_hours or 0) >= LEAST_HOURS)
        yield from _of_forecasts(by, at)
    if by.may(Permission.READ_FEEDS):
        yield from _of_feeds(by, at)


def _of_inbox(item: InboxItem) -> AgendaItem:
    return AgendaItem(
        kind=item.kind.value,
        title=item.title,
        because=f"{item.summary} {BECAUSE[item.kind]}",
        todo=TODO[item.kind],
        link=item.link,
        tier=item.tier if item.tier in TIERS else "",
        money=item.money_at_stake,
        currency=item.currency,
        due_at=item.due_at,
        thread_id=item.thread_id,
    )


def _of_threatened(found: list[ThreatenedAccount], at: datetime) -> Iterable[AgendaItem]:
    """The first accounts by name, and one line for all others: promises shall not push everything else down."""
    items = [_of_promises(one) for one in found]
    order = _by_consequence(items, at)
    yield from (items[place] for place in order[:ACCOUNTS_NAMED])
    others = [found[place] for place in order[ACCOUNTS_NAMED:]]
    if others:
        yield _of_others(others)


def _of_promises(one: ThreatenedAccount) -> AgendaItem:
    work = urlencode({"operation": one.next_operation, "key": one.next_work_key})
    first = "was due" if one.is_next_broken else "runs out first"
    return AgendaItem(
        kind="promise",
        title=f"{one.name or one.account_number}: {_threats(one.broken, one.at_risk)}",
        because=f"{one.next_operation} {one.next_work_key} {first}: {one.next_promise}.",
        todo="Tell the account" if one.is_next_broken else "Do it first",
        link=f"{reverse('work-clocks')}?{work}",
        tier=one.tier,
        money=one.credits_at_stake,
        currency=one.currency,
        due_at=one.next_due_at,
        is_lost=one.is_next_broken,
    )


def _of_others(others: list[ThreatenedAccount]) -> AgendaItem:
    currencies = {one.currency for one in others}
    known = [one.credits_at_stake for one in others if one.credits_at_stake is not None]
    due = [one.next_due_at for one in others if one.next_due_at and not one.is_next_broken]
    threats = _threats(sum(one.broken for one in others), sum(one.at_risk for one in others))
    return AgendaItem(
        kind="promise",
        title=f"{len(others):,} more account{'' if len(others) == 1 else 's'}: {threats}",
        because="Promises about open work, by the time that is left for each." if due else "All of it is late already.",
        todo="See the clocks",
        link=reverse("clock-list"),
        tier=min((one.tier for one in others), key=_distance),
        money=sum(known, Decimal(0)) if len(currencies) == 1 and len(known) == len(others) else None,
        currency=currencies.pop() if len(currencies) == 1 else "",
        due_at=min(due, default=None),
        is_rest=True,
    )


def _threats(broken: int, at_risk: int) -> str:
    if not broken:
        return f"{at_risk:,} promise{'' if at_risk == 1 else 's'} about to break"
    said = f"{broken:,} promise{'' if broken == 1 else 's'} broken"
    return f"{said}, {at_risk:,} about to be" if at_risk else said


def _of_plan(plan: PlanCard) -> AgendaItem:
    accounts, top = plan.accounts_short or 0, plan.top_tier_accounts_short or 0
    hours = f"{figures.number(plan.short_hours, 0)} of {figures.number(plan.need_hours, 0)} hours"
    named = f"{accounts:,} account{'' if accounts == 1 else 's'} short, {top:,} of the top tiers"
    left = named if accounts else "accounts of whole tiers short"
    return AgendaItem(
        kind="shortage",
        title=f"{plan.operation} lacks {hours} in its {plan.weeks} weeks",
        because=f"The plan in force leaves {left}. It says why, and what one more person is worth.",
        todo="See who and why",
        link=reverse("plan-detail", kwargs={"plan_id": plan.plan_id}),
        tier=TIERS[0] if top else "",
        money=plan.shortfall_cost,
        currency=plan.currency,
        thread_id=plan.thread_id,
    )


def _of_forecasts(by: Actor, at: datetime) -> Iterable[AgendaItem]:
    counts = demand.count_forecast_exceptions(by=by, at=at)
    waiting, overdue = counts["open"], counts["overdue"]
    if not waiting:
        return
    yield AgendaItem(
        kind="forecast",
        title=f"{waiting:,} week{'' if waiting == 1 else 's'} came otherwise than forecast",
        because=f"Each waits for a finding, {overdue:,} of them for too long. The next forecast learns from it.",
        todo="Say why",
        link=reverse("forecast-exception-list"),
    )


def _of_feeds(by: Actor, at: datetime) -> Iterable[AgendaItem]:
    stale: dict[str, list[str]] = {}
    age: dict[str, float | None] = {}
    for one in sensing.list_feed_freshness(at=at, by=by):
        if one.is_stale:
            stale.setdefault(one.feed, []).append(str(one.kind))
            age[one.feed] = one.age_hours
    for feed, kinds in stale.items():
        known = age[feed]
        since = "It has no data" if known is None else f"Its newest data is {figures.span(known * 3600)} old"
        yield AgendaItem(
            kind="feed",
            title=f"{feed} is stale",
            because=f"{since}: too old for {', '.join(kinds)}. Nothing of that settles by itself until more comes.",
            todo="Look at it",
            link=reverse("feed-detail", kwargs={"feed": feed}),
        )


def _distance(tier: str) -> int:
    return TIERS.index(tier) if tier in TIERS else len(TIERS)


def _by_consequence(items: Sequence[AgendaItem], at: datetime) -> list[int]:
    """Return the places of items in the order of what comes of leaving them, the gravest first."""
    sizes = places_by_currency((one.currency, _size(one)) for one in items if _size(one) >= 0)
    money = places_by_currency((one.currency, one.money) for one in items if one.money)

    def consequence(place: int) -> tuple[object, ...]:
        item = items[place]
        is_soon = item.due_at is not None and item.due_at < at + SOON and not item.is_lost
        left = (item.due_at - at).total_seconds() if item.due_at else float("inf")
        size = sizes.get((item.currency, _size(item)), len(sizes))
        amount = money[item.currency, item.money] if item.money else len(money)
        return (not is_soon, size, _distance(item.tier), amount, left, item.kind, item.title)

    return sorted(range(len(items)), key=consequence)


def _size(item: AgendaItem) -> int:
    """Return how many digits its money has after the first; -1 below 1, or where it is not known."""
    return item.money.adjusted() if item.money and item.money >= 1 else -1
