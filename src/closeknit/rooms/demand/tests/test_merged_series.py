"""What merged accounts bring is added up wherever demand reads history; a split takes it apart again."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from tests.cast import enter, open_account

from closeknit.kernel import clock
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.actions.split_accounts import split_accounts
from closeknit.rooms.customers.tests.disputed import merge_of
from closeknit.rooms.demand.compute.folding import fold_accounts
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.sensing.contracts import SeriesKey
from closeknit.rooms.sensing.tests.small import call, load, write_calls

UNTIL = datetime(2026, 3, 2, tzinfo=UTC)


def key(number, service="phone"):
    return SeriesKey(operation="desk", service=service, region="", work_class="", account_number=number)


def test_rows_of_one_account_are_added_up_and_the_rest_is_left():
    units = np.array([[1.0, 2.0], [10.0, 20.0], [5.0, 0.0]])
    keys, sums = fold_accounts([key("A"), key("B"), key("C")], units, {"C": "A", "Z": "A"})
    assert keys == [key("A"), key("B")]
    assert sums.tolist() == [[6.0, 2.0], [10.0, 20.0]]
    keys, same = fold_accounts([key("A"), key("B"), key("C")], units, {"Z": "A"})
    assert same is units


@pytest.fixture
def observed(tmp_path, alice):
    lines = [call(n, account=account, calls=calls) for n, (account, calls) in enumerate([("A", "3"), ("B", "4")], 1)]
    load(write_calls(tmp_path, [*lines, call(30, account="A", calls="5")]), alice)
    open_account("A", "key", "North")
    return alice


def by_account(by):
    keys, _, units = merged_series.daily_quantities("desk", until_at=UNTIL, by=by)
    return {each.account_number: float(row.sum()) for each, row in zip(keys, units, strict=True)}


def test_series_add_up_from_the_merge_until_the_split(observed):
    assert by_account(observed) == {"A": 8.0, "B": 4.0}
    merge_id = merge_of("A", "B")
    assert by_account(observed) == {"A": 12.0}
    since = UNTIL - timedelta(days=40)
    whole = {"since_at": since, "until_at": UNTIL, "by": observed}
    assert merged_series.daily_units("desk", account_number="A", **whole)[1].sum() == 12.0
    assert merged_series.daily_units("desk", **whole)[1].sum() == 12.0
    half_hours = merged_series.half_hour_quantities("desk", until_at=UNTIL, by=observed)
    assert {each.account_number for each in half_hours[0]} == {"A"}
    assert customers.golden_numbers(by=enter("carol"), at=None) == {"B": "A"}
    split_accounts(merge_id, reason="Two.", by=observed, at=clock.now())
    assert by_account(observed) == {"A": 8.0, "B": 4.0}
