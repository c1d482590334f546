"""Which accounts lose what they were promised, the dearest first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.kernel.amounts import places_by_currency
from closeknit.rooms.agreements.contracts.clocks import ClockCard, ClockState
from closeknit.rooms.agreements.contracts.threatened import ThreatenedAccount
from closeknit.rooms.agreements.models import TermRow
from closeknit.rooms.agreements.reads.clocks import MOST_WORK, list_clocks
from closeknit.rooms.customers.contracts import TIER_ORDER, Tier
from closeknit.rooms.customers.reads.by_number import list_account_titles
from closeknit.rooms.org.reads import redact

THREATENED = frozenset({ClockState.BREACHED, ClockState.AT_RISK})
_TIERS = [tier.value for tier in TIER_ORDER]
Credits = dict[str, tuple[Decimal, str]]


def list_threatened_accounts(*, by: Actor, at: datetime, limit: int = 50) -> list[ThreatenedAccount]:
    """Return the accounts whose promises are broken or at risk: closest tier, most money, least time first.

    Money is compared within one currency: the largest amount of each currency comes before the second of any.
    """
    clocks: dict[str, list[ClockCard]] = defaultdict(list)
    for card in list_clocks(by=by, at=at, limit=MOST_WORK):
        if card.state in THREATENED:
            clocks[card.account_number].append(card)
    if not clocks:
        return []
    titles = list_account_titles(clocks, by=by)
    credits = _credits({card.term_number for cards in clocks.values() for card in cards}, at)
    found = [_of(number, *titles[number], cards, credits) for number, cards in clocks.items() if number in titles]
    # What a reader may not know must not show in the order either.
    told = redact(found, by=by)
    places = places_by_currency((one.currency, one.credits_at_stake) for one in told if one.credits_at_stake)
    return sorted(told, key=lambda one: _consequence(one, places))[:limit]


def _of(number: str, name: str, tier: Tier, cards: Sequence[ClockCard], credits: Credits) -> ThreatenedAccount:
    at_risk = [card for card in cards if card.state is ClockState.AT_RISK]
    worst = min(at_risk, key=_due) if at_risk else max(cards, key=_due)
    known = [credits[card.term_number] for card in cards if card.term_number in credits]
    currencies = {currency for _, currency in known}
    return ThreatenedAccount(
        account_number=number,
        name=name,
        tier=tier.value,
        broken=len(cards) - len(at_risk),
        at_risk=len(at_risk),
        next_operation=worst.operation,
        next_work_key=worst.work_key,
        next_promise=worst.promise or worst.measure.value,
        next_due_at=worst.due_at,
        is_next_broken=not at_risk,
        credits_at_stake=sum((credit for credit, _ in known), Decimal(0)) if len(currencies) == 1 else None,
        currency=currencies.pop() if len(currencies) == 1 else "",
    )


def _credits(term_numbers: Iterable[str], at: datetime) -> Credits:
    rows = TermRow.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=at.date()), term_number__in=list(term_numbers), starts_on__lte=at.date()
    ).exclude(credit_per_miss=0)
    return {
        number: (credit, currency)
        for number, credit, currency in rows.order_by("starts_on").values_list(
            "term_number", "credit_per_miss", "currency"
        )
    }


def _due(card: ClockCard) -> datetime:
    return card.due_at or card.started_at


def _consequence(one: ThreatenedAccount, places: Mapping[tuple[str, Decimal], int]) -> tuple[object, ...]:
    closeness = _TIERS.index(one.tier) if one.tier in _TIERS else len(_TIERS)
    due = one.next_due_at.timestamp() if one.next_due_at else float("inf")
    money = places[one.currency, one.credits_at_stake] if one.credits_at_stake else len(places)
    return (closeness, money, not one.at_risk, due, one.account_number)
