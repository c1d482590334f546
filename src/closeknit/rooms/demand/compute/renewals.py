"""Opportunities that renew a contract in force: what is in the history already does not count twice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from closeknit.rooms.agreements.contracts import Term
from closeknit.rooms.demand.contracts.pipeline import Renewal
from closeknit.rooms.sensing.contracts import OpportunityCard

EARLIEST, LATEST = timedelta(days=31), timedelta(days=62)
"""So long before the end of a contract, and so long after it, what begins for the same account follows it."""
Brought = Mapping[tuple[str, str, str], float]
"""Units per week of late by (service, region, account)."""


def without_renewed(
    cards: Sequence[OpportunityCard], terms: Iterable[Term], brought: Brought, on: date
) -> tuple[list[OpportunityCard], tuple[Renewal, ...]]:
    """Return the opportunities with only the units that come on top of what is there, and which of them renew what.

    An opportunity renews a contract of its account in force on the day where it is of the same service and begins about
    when that ends. What an account brings is taken off once, from its largest renewal first.
    """
    ending = [term for term in terms if term.account_number and term.ends_on is not None]
    left = dict(brought)
    found: dict[str, Renewal] = {}
    for card in sorted(cards, key=lambda c: (-(c.units_per_week or 0.0), c.opportunity_number)):
        term = _followed(card, ending, on)
        if term is None or term.ends_on is None or not card.units_per_week:
            continue
        there = _take(left, card, card.units_per_week)
        found[card.opportunity_number] = Renewal(
            opportunity_number=card.opportunity_number,
            account_number=card.account_number,
            contract_number=term.contract_number,
            contract_ends_on=term.ends_on,
            units_per_week=card.units_per_week,
            units_there_per_week=there,
        )
    counted = [
        replace(card, units_per_week=found[card.opportunity_number].units_more_per_week)
        if card.opportunity_number in found
        else card
        for card in cards
    ]
    return counted, tuple(found[name] for name in sorted(found))


def _followed(card: OpportunityCard, ending: Iterable[Term], on: date) -> Term | None:
    """Return the contract that an opportunity follows: of several, the one that ends nearest to its beginning."""
    begins_on = card.starts_on or card.expected_close_on
    if not card.account_number or begins_on is None or begins_on < on or card.outcome == "lost":
        return None
    near = [
        (abs((begins_on - term.ends_on).days), term.contract_number, term)
        for term in ending
        if term.ends_on is not None
        and term.account_number == card.account_number
        and (not term.service or not card.service or term.service == card.service)
        and term.ends_on - EARLIEST <= begins_on <= term.ends_on + LATEST
    ]
    return min(near, key=lambda one: one[:2])[2] if near else None


def _take(left: dict[tuple[str, str, str], float], card: OpportunityCard, most: float) -> float:
    """Take what the account brings in the opportunity's place off what is left of it; return how much that was."""
    taken = 0.0
    for place in sorted(left):
        service, region, account = place
        mine = account == card.account_number and card.service in ("", service) and card.region in ("", region)
        if mine and taken < most:
            part = min(left[place], most - taken)
            left[place] -= part
            taken += part
    return taken
