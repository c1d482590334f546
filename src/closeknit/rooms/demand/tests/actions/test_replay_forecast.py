"""A forecast computed again from what was stored with it: the same bits, or it says that they are not."""

from datetime import date

import pytest
from tests.cast import enter
from tests.small_company import AT, draft, load

from closeknit.kernel import ids
from closeknit.kernel.errors import Conflict, Denied, NotFound
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
from closeknit.rooms.demand.actions.replay_forecast import recompute_refreshed_line, replay_forecast
from closeknit.rooms.demand.models import ForecastRun
from closeknit.rooms.demand.tests.overriding import override


@pytest.fixture
def company(db, tmp_path):
    load(tmp_path)
    return draft()


def test_a_run_comes_out_the_same_bit_for_bit(company, alice):
    replay = replay_forecast(company.run_id, by=alice)
    assert replay.same
    assert replay.is_snapshot_intact
    assert replay.stored_digest == replay.replayed_digest
    assert replay.code_version_then == replay.code_version_now == compute.CODE_VERSION


def test_so_it_does_after_data_settings_and_overrides_have_changed(company, alice):
    from closeknit.rooms.sensing.models import WorkRow

    override(from_on=date(2026, 3, 9), to_on=date(2026, 3, 16))
    WorkRow.objects.filter(account_number="ACME").update(quantity=1)
    assert replay_forecast(company.run_id, by=alice).same
    again = refresh_forecast("warehouse", as_of=None, weeks=2, thread_id=ids.new_id(), by=alice, at=AT)
    assert again != company.run_id
    assert replay_forecast(again, by=alice).same
    assert ForecastRun.objects.get(pk=again).adjustments


def test_a_snapshot_that_was_tampered_with_is_found_out(company, alice):
    run = ForecastRun.objects.get(pk=company.run_id)
    inputs = compute.unpack_inputs(bytes(run.snapshot))
    history = inputs.sources[0].history
    history.quantities[0, 0] += 1.0
    ForecastRun.objects.filter(pk=run.pk).update(snapshot=compute.pack_inputs(inputs))
    replay = replay_forecast(run.pk, by=alice)
    assert not replay.same
    assert not replay.is_snapshot_intact


def test_the_ledger_line_is_recomputed_too(company, alice):
    lines = decisions.get_thread(company.thread_id, by=alice)
    (line,) = [line for line in lines if line.kind == "forecast.refreshed"]
    recomputed = recompute_refreshed_line(line, by=alice)
    assert recomputed.then_digest == recomputed.now_digest
    assert compute.CODE_VERSION in recomputed.how


def test_runs_of_before_snapshots_were_kept_say_so(company, alice):
    ForecastRun.objects.filter(pk=company.run_id).update(snapshot=b"")
    with pytest.raises(Conflict, match="not kept"):
        replay_forecast(company.run_id, by=alice)


def test_only_readers_of_the_ledger_may(company, alice):
    with pytest.raises(Denied):
        replay_forecast(company.run_id, by=enter("bob"))
    with pytest.raises(NotFound):
        replay_forecast(ids.new_id(), by=alice)
