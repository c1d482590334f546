"""A forecast made in parts: the same bits wherever they are made, kept in pieces, sums with ranges of their own."""

from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import pytest

from closeknit.kernel.chunks import SERIAL, Spread, map_chunks
from closeknit.kernel.errors import Conflict
from closeknit.rooms.customers.contracts import TOP_TIERS, Tier
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute import ForecastInputs, History, Source, parts
from closeknit.rooms.demand.compute.parts import Part, SpokenPart, say_part
from closeknit.rooms.demand.contracts import Branch, Grain
from closeknit.rooms.sensing.contracts import SeriesKey

MONDAY = np.datetime64("2025-01-06", "D")
PROCESSES = Spread("processes", 2)


def inputs(series: int = 60, days: int = 210, seed: int = 1) -> ForecastInputs:
    """Accounts of two regions and two tiers, half of them thin, with a year's holidays."""
    rng = np.random.default_rng(seed)
    level = rng.lognormal(0.0, 1.5, series).clip(0.1, 20.0)
    quantities = rng.poisson(level[:, None] * (1.0 + 0.3 * np.sin(np.arange(days) * 2 * np.pi / 7))).astype(float)
    keys = tuple(SeriesKey("warehouse", "pick", ("north", "south")[i % 2], "", f"A{i:03d}") for i in range(series))
    tiers = {key.account_number: (Tier.STRATEGIC, Tier.KEY)[i % 3 == 0] for i, key in enumerate(keys)}
    first_on = (MONDAY + np.timedelta64(days, "D")).item()
    occasions = compute.public_holidays({"": "DE"}, MONDAY.item(), date(2026, 1, 31))
    source = Source(History(Grain.DAY, keys, MONDAY + np.arange(days), compute.narrow(quantities)), "UTC")
    return ForecastInputs("warehouse", "UTC", first_on, 4, 30, tiers, {}, TOP_TIERS, tuple(occasions), (), (source,))


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr("closeknit.rooms.demand.compute.panels.SERIES_OF_PART", 16)


def drifting(part: Part) -> SpokenPart:
    """A part forecast by code that is not the same everywhere: one bit of one number is off."""
    said = say_part(part)
    mean = said.ahead.mean.copy()
    mean[0, 0] = np.nextafter(mean[0, 0], np.inf)
    return replace(said, ahead=replace(said.ahead, mean=mean))


def elsewhere(function, chunks):
    return map_chunks(drifting, chunks, spread=SERIAL)


@pytest.mark.usefixtures("small_parts")
def test_processes_make_the_same_forecast_bit_for_bit_and_one_bit_off_shows():
    given = inputs()
    here = compute.make_forecast(given)
    there = compute.make_forecast(given, partial(map_chunks, spread=PROCESSES))
    assert there.digest == here.digest
    assert there.accuracy == here.accuracy
    assert there.panels[0].reasons == here.panels[0].reasons
    red_twin = compute.make_forecast(given, elsewhere)
    assert red_twin.digest != here.digest


@pytest.mark.usefixtures("small_parts")
def test_parts_depend_on_the_series_alone_and_every_series_is_in_one():
    seen = []

    def each(function, chunks):
        for part in chunks:
            seen.append((part.are_sums, part.nodes.tolist(), part.values.dtype))
            yield function(part)

    panel = compute.make_forecast(inputs(), each).panels[0]
    assert [are_sums for are_sums, _, _ in seen] == [True, False, False, False, False]
    assert sorted(node for _, nodes, _ in seen[1:] for node in nodes) == list(range(len(panel.keys)))
    assert max(len(nodes) for _, nodes, _ in seen) <= 16
    assert {kind for are_sums, _, kind in seen if not are_sums} == {np.dtype(np.uint8)}


@pytest.mark.usefixtures("small_parts")
def test_every_series_has_an_error_on_weeks_held_out_however_many_parts_there_are():
    made = compute.make_forecast(inputs())
    panel = made.panels[0]
    assert np.isfinite(panel.wape_share).all()
    assert 0.0 < made.accuracy.wape_share < 0.3


def test_what_is_kept_in_pieces_is_read_whole():
    given = inputs(40)
    panels = compute.make_forecast(given).panels
    archives = list(compute.pack_pieces(compute.QUANTILE_LEVELS, panels, 16))
    _, (again,) = compute.unpack_pieces(archives)
    assert len(archives) == 3
    assert compute.result_digest([again]) == compute.result_digest(panels)
    assert (again.keys, again.reasons, again.node_names) == (
        panels[0].keys,
        panels[0].reasons,
        panels[0].node_names,
    )
    assert again.statistical_weekly_mean is again.weekly_mean
    snapshot = list(compute.pack_inputs_pieces(given, 16))
    assert len(snapshot) == 3
    assert compute.inputs_digest(compute.unpack_inputs_pieces(snapshot)) == compute.inputs_digest(given)
    with pytest.raises(Conflict, match=r"piece .* is missing"):
        compute.unpack_inputs_pieces(snapshot[:-1])


def test_numbers_are_kept_as_narrow_as_they_are():
    assert compute.narrow(np.array([[0.0, 255.0]])).dtype == np.uint8
    assert compute.narrow(np.array([[0.0, 256.0]])).dtype == np.uint16
    assert compute.narrow(np.array([[0.0, 70_000.0]])).dtype == np.int32
    for kept in ([[0.5, 1.0]], [[-1.0, 2.0]], [[np.nan, 1.0]], [[2.0**31, 0.0]]):
        assert compute.narrow(np.array(kept)).dtype == np.float64


def test_services_tiers_and_the_operation_have_ranges_of_their_own():
    panels = compute.make_forecast(inputs()).panels
    panel, levels = panels[0], compute.QUANTILE_LEVELS
    weeks = [day.item() for day in panel.week_on[1:4]]
    low, high = (int(np.argmin(np.abs(levels - q))) for q in (0.1, 0.9))

    def asked(branch: Branch):
        return compute.weekly_range(panels, levels, branch, weeks, (0.1, 0.9))

    whole = asked(Branch())
    assert whole.ranges == 1
    assert whole.mean == pytest.approx(panel.total_weekly_mean[:, 1:4].sum(axis=0))
    summed = panel.total_weekly_quantiles[:, :, 1:4].sum(axis=1)
    own = whole.quantiles[1] - whole.quantiles[0]
    assert (own < summed[high] - summed[low]).all()
    assert (own > 0.3 * (summed[high] - summed[low])).all()
    tier = asked(Branch("pick", "north", "key"))
    rows = [i for i, key in enumerate(panel.keys) if (key.region, key.tier) == ("north", "key")]
    assert tier.ranges == 1
    assert tier.mean == pytest.approx(panel.weekly_mean[rows][:, 1:4].sum(axis=0))
    # A run of before these were kept has sums of ranges only.
    old = replace(panel, node_names=(), node_weekly_mean=np.zeros((0, panel.week_on.size)))
    assert compute.weekly_range([old], levels, Branch(), weeks, (0.1, 0.9)).ranges == 2
    assert compute.weekly_range([old], levels, Branch("pick", "north", "key"), weeks, (0.1,)).ranges == len(rows)


def test_a_part_without_the_last_four_weeks_says_nothing_of_these():
    given = inputs(8, days=60)
    assert compute.make_forecast(given).accuracy.wape_share is None
    assert parts.FEWEST_DAYS_TO_SCORE == 84
