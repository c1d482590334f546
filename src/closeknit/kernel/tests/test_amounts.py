"""Amounts of different currencies have places of their own."""

from decimal import Decimal

from closeknit.kernel.amounts import places_by_currency


def test_the_largest_of_each_currency_stand_side_by_side():
    found = places_by_currency(
        [("EUR", Decimal(5)), ("JPY", Decimal(90_000)), ("EUR", Decimal(70)), ("EUR", Decimal(5))]
    )
    assert found == {("EUR", Decimal(70)): 0, ("EUR", Decimal(5)): 1, ("JPY", Decimal(90_000)): 0}


def test_equal_amounts_share_a_place_however_they_are_written():
    assert places_by_currency([("EUR", Decimal("5.00")), ("EUR", Decimal(5))]) == {("EUR", Decimal(5)): 0}


def test_nothing_has_no_places():
    assert places_by_currency([]) == {}
