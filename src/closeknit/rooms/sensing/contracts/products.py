"""What was asked for of each product: the pieces, not the work of handling them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProductWeek:
    """Pieces of a product asked for in a region in one week before a day, counted back from it (0: the last)."""

    product: str
    region: str
    weeks_back: int
    pieces: float


@dataclass(frozen=True, slots=True)
class ProductAsker:
    """Pieces of a product that one account asked for in a region in all these weeks, and the money it brought.

    The account "" is none known; `pieces_paid` are those whose money is known, in `currency`.
    """

    product: str
    region: str
    service: str
    work_class: str
    account_number: str
    pieces: float
    pieces_paid: float
    amount: float
    currency: str
