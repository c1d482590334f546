from datetime import UTC, datetime

import numpy as np
import pytest

from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import FactKind
from closeknit.rooms.sensing.tests.small import call, load, write_calls

pytestmark = pytest.mark.django_db
UNTIL = datetime(2026, 3, 31, tzinfo=UTC)


@pytest.fixture
def loaded(tmp_path, alice):
    lines = [
        call(1, at="2026-03-01T23:30:00", calls="2"),
        call(2, at="2026-03-02T00:10:00", calls="3"),
        call(3, at="2026-03-02T00:40:00", calls="4", account=""),
        call(4, at="2026-03-02T12:00:00", calls="9", kind="back"),
        call(5, at="2026-03-01T12:00:00", calls="0"),
        call(6, at="2026-02-27T08:00:00", calls="x"),
    ]
    return load(write_calls(tmp_path, lines), alice)


def test_days_are_local_without_gaps_and_without_returns(loaded, alice):
    keys, days, units = reads.daily_quantities("desk", until_at=datetime(2026, 3, 2, 23, tzinfo=UTC), by=alice)
    assert [key.account_number for key in keys] == ["", "A1"]
    assert list(days) == [np.datetime64("2026-03-01"), np.datetime64("2026-03-02")]
    assert units.tolist() == [[0, 4], [2, 3]]


def test_nothing_at_or_after_the_end_is_counted(loaded, alice):
    _, days, units = reads.daily_quantities("desk", until_at=datetime(2026, 3, 1, 23, tzinfo=UTC), by=alice)
    assert list(days) == [np.datetime64("2026-03-01")]
    assert units.sum() == 2


def test_what_comes_at_one_instant_came_once(tmp_path, alice):
    times = ("2026-03-01T09:00:00", "2026-03-01T09:00:00", "2026-03-01T09:00:01", "2026-03-02T09:00:00")
    load(write_calls(tmp_path, [call(n, at=at, calls="3") for n, at in enumerate(times)]), alice)
    until = {"until_at": datetime(2026, 3, 2, 23, tzinfo=UTC), "by": alice}
    keys, days, arrivals = reads.daily_arrivals("desk", **until)
    assert (arrivals.tolist(), days.size) == ([[2, 1]], 2)
    assert keys == reads.daily_quantities("desk", **until)[0]


def test_half_hours_are_local_and_whole_days(loaded, alice):
    _, slots, units = reads.half_hour_quantities("desk", until_at=datetime(2026, 3, 2, 23, tzinfo=UTC), by=alice)
    assert slots.size == 96
    found = {str(slots[i]): float(units[:, i].sum()) for i in np.flatnonzero(units.sum(axis=0))}
    assert found == {"2026-03-01T23:30": 2, "2026-03-02T00:00": 3, "2026-03-02T00:30": 4}


def test_the_hour_that_happens_twice_keeps_all_its_work(tmp_path, alice):
    lines = [call(n, at=at) for n, at in enumerate(("2025-10-26T02:10:00+02:00", "2025-10-26T02:10:00+01:00"))]
    load(write_calls(tmp_path, lines), alice)
    _, slots, units = reads.half_hour_quantities("desk", until_at=datetime(2025, 10, 26, 23, tzinfo=UTC), by=alice)
    assert (slots.size, units.sum(), units[0, 4]) == (48, 2, 2)


def test_totals_handle_minutes_and_lineage(loaded, alice):
    totals = {t.account_number: t.quantity for t in reads.work_totals(by=alice, operation="desk")}
    assert totals == {"": 4, "A1": 5}
    assert reads.handle_minutes("desk", by=alice) == {("phone", "", ""): (1.5, 3)}
    assert all(not total.amounts for total in reads.work_totals(by=alice))
    rows = reads.work_lineage("desk", account_number="A1", by=alice)
    assert [(row.key, row.source_name, row.line) for row in rows][-1] == ("5", "calls.csv", 6)
    assert rows[0].thread_id == loaded.thread_id


def test_an_unknown_operation_or_feed_is_not_found(loaded, alice):
    for read in (lambda: reads.get_operation("none", by=alice), lambda: reads.get_feed("none", by=alice)):
        with pytest.raises(NotFound):
            read()


@pytest.mark.parametrize("person", ["bob", "dave"])
def test_who_sees_only_some_accounts_sees_no_feed_and_no_work(person, loaded, request):
    by = request.getfixturevalue(person)
    for read in (
        lambda: reads.list_feeds(by=by),
        lambda: reads.get_feed("small", by=by),
        lambda: reads.list_batches(by=by),
        lambda: reads.get_batch(loaded.batch_id, by=by),
        lambda: reads.list_quarantined(by=by),
        lambda: reads.get_account_rule("small", by=by),
        lambda: reads.get_promise_rule("small", by=by),
        lambda: reads.list_facts(FactKind.ACCOUNT, by=by),
        lambda: reads.list_operations(by=by),
        lambda: reads.get_operation("desk", by=by),
        lambda: reads.list_services("desk", by=by),
        lambda: reads.recorded_promises("desk", by=by),
        lambda: reads.work_totals(by=by),
        lambda: reads.account_totals("small", by=by),
        lambda: reads.daily_quantities("desk", until_at=UNTIL, by=by),
        lambda: reads.daily_arrivals("desk", until_at=UNTIL, by=by),
        lambda: reads.half_hour_quantities("desk", until_at=UNTIL, by=by),
        lambda: reads.handle_minutes("desk", by=by),
        lambda: reads.weekly_units("A1", weeks=4, until_at=UNTIL, by=by),
        lambda: reads.work_lineage("desk", by=by),
    ):
        with pytest.raises(Denied):
            read()
