"""Who gains and who loses, as far as a reader may see it."""

from collections.abc import Container, Iterable
from decimal import Decimal

from closeknit.rooms.decisions.contracts import Effect, ShownEffects

FEWEST_IN_A_TOTAL = 3
MOST_OF_A_TOTAL = Decimal("0.75")


def show_effects(effects: Iterable[Effect], visible: Container[str]) -> ShownEffects:
    """Return the effects on accounts that the reader sees, biggest loss first, and totals over the others.

    A total shows only over three or more accounts of which none makes up more than three quarters: from a smaller
    one the reader could tell what a single account gets.
    """
    every = list(effects)
    listed = sorted((e for e in every if e.account_number in visible), key=lambda e: (e.amount or 0, e.account_number))
    hidden = [e for e in every if e.account_number not in visible]
    gain = _total([e.amount for e in hidden if e.amount is not None and e.amount > 0])
    lose = _total([e.amount for e in hidden if e.amount is not None and e.amount < 0])
    return ShownEffects(tuple(listed), gain, lose, bool(hidden) and gain is None and lose is None)


def _total(amounts: list[Decimal]) -> Decimal | None:
    if len(amounts) < FEWEST_IN_A_TOTAL:
        return None
    total = sum(amounts, Decimal(0))
    largest = max(abs(amount) for amount in amounts)
    return None if largest > abs(total) * MOST_OF_A_TOTAL else total
