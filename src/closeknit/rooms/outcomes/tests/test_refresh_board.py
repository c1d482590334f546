"""Who shares in a tier's hours: the accounts whose work the pool does, by what they are to bring."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from closeknit.rooms.capacity.contracts import PoolCard, Staffing
from closeknit.rooms.demand.contracts import AccountUnits
from closeknit.rooms.outcomes.actions.refresh_board import _members

NORTH = PoolCard(
    pool="north",
    name="North",
    operation="warehouse",
    services=("picking",),
    regions=("north",),
    site="Hall",
    unit="picker",
    staffing=Staffing.DEADLINE,
    handle_minutes=6.0,
    shrinkage=Fraction(1, 10),
    cost_per_hour=Decimal(20),
    overtime_cost_per_hour=Decimal(30),
    overtime_share_max=0.1,
    currency="EUR",
    time_zone="UTC",
    is_assumed=False,
)
ANYWHERE = replace(NORTH, pool="anywhere", services=("*",), regions=("*",))


def units(account, region, amount, *, service="picking", own=False):
    return AccountUnits(service, region, "volume", account, amount, own)


def test_an_account_shares_only_in_pools_that_do_its_work():
    rows = [
        units("A", "north", 3.0),
        units("B", "south", 5.0),
        units("A", "north", 2.0, service="packing"),
        units("OWN", "north", 9.0, own=True),
    ]
    assert _members(rows, [NORTH, ANYWHERE]) == {
        ("north", "volume"): {"A": 3.0},
        ("anywhere", "volume"): {"A": 5.0, "B": 5.0},
    }


def test_work_of_no_known_account_keeps_its_part_of_the_tiers_hours():
    rows = [units("A", "north", 1.0), units("", "north", 3.0)]
    assert _members(rows, [NORTH])["north", "volume"] == {"A": 1.0, "": 3.0}
