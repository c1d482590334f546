"""A tier's own stream: the halves add up, chance evens out less, and its strict promise no longer binds the rest."""

import numpy as np
import pytest
from tests.small_company import AT, build

from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.compute.dedicated import dedicated_pools, only, verdict_of
from closeknit.rooms.capacity.tests.builders import forecast, inputs, pool, term
from closeknit.rooms.demand.contracts import Grain

HOUR = (np.arange(14 * 48) % 48) // 2
OPEN = np.where((HOUR >= 9) & (HOUR < 17) & ((np.arange(14 * 48) // 48) % 7 < 5), 1.0, 0.0)


def desk(strategic, volume, *, strict=0.8, heads=12.0, spread=1.0):
    """One queue, calls of two tiers from nine to five on workdays."""
    series = {
        ("phone", "", "strategic", "ACME"): strategic * OPEN,
        ("phone", "", "volume", ""): volume * OPEN,
    }
    terms = (
        term("S", tier="strategic", minutes=0.5, share=strict),
        term("V", tier="volume", minutes=0.5, share=0.8),
    )
    queue = pool("desk", staffing="interval", heads=heads, shrinkage=("0",), services=("phone",))
    return inputs([queue], terms), forecast(series, grain=Grain.HALF_HOUR, spread=spread)


def test_alike_promises_are_kept_with_fewer_people_together():
    (row,) = dedicated_pools(*desk(20.0, 20.0), "strategic")
    assert row.own_hours == row.rest_hours
    assert row.more_hours == pytest.approx(row.own_hours + row.rest_hours - row.pooled_hours)
    assert row.more_hours > 0.0
    assert row.own_peak_units + row.rest_peak_units > row.pooled_peak_units
    assert float(row.more_cost) == pytest.approx(row.more_hours * 20.0, abs=0.01)
    assert "more" in row.sentence


def test_a_small_strict_tier_apart_relieves_a_large_lax_one():
    (row,) = dedicated_pools(*desk(1.0, 100.0, strict=0.995, heads=40.0), "strategic")
    lax = dedicated_pools(*desk(1.0, 100.0, strict=0.8, heads=40.0), "strategic")[0]
    assert row.pooled_hours > lax.pooled_hours
    assert row.rest_hours == lax.rest_hours, "the rest is sized for its own promise only"
    assert row.more_hours < lax.more_hours


def test_the_cushion_against_what_is_not_known_grows_when_work_is_taken_apart():
    (row,) = dedicated_pools(*desk(20.0, 20.0, spread=1.5), "strategic")
    assert row.apart_cushion_hours > row.pooled_cushion_hours > 0.0


def test_halves_of_a_forecast_add_up_and_their_variances_too():
    _, numbers = desk(10.0, 30.0, spread=1.4)
    (panel,) = numbers.panels
    own = np.array([key.tier == "strategic" for key in panel.keys])
    mine, rest = only(panel, own), only(panel, ~own)
    np.testing.assert_allclose(mine.total_mean + rest.total_mean, panel.total_mean)
    above = [half.total_quantiles[1] - half.total_mean for half in (mine, rest, panel)]
    np.testing.assert_allclose(above[0] ** 2 + above[1] ** 2, above[2] ** 2)
    np.testing.assert_allclose(mine.total_mean, mine.mean)


def test_with_too_few_people_the_tier_apart_is_served_and_the_rest_gives_way():
    (row,) = dedicated_pools(*desk(20.0, 20.0, heads=9.0), "strategic")
    assert row.own_coverage_apart == pytest.approx(1.0)
    assert row.rest_coverage_apart < row.rest_coverage_pooled < 1.0
    assert row.scarcity_cost_more > 0


def test_a_pool_that_serves_one_tier_only_is_no_case():
    assert dedicated_pools(*desk(20.0, 0.0), "strategic") == []
    assert dedicated_pools(*desk(20.0, 20.0), "key") == []


def test_verdicts():
    (row,) = dedicated_pools(*desk(20.0, 20.0), "strategic")
    for more, lost, value, said in (
        (-1.0, -1.0, None, "It pays: apart"),
        (-1.0, 50.0, None, "hire for it first"),
        (100.0, -200.0, None, "It pays: EUR 100"),
        (100.0, -20.0, 800.0, "10.0% of the EUR 800 a week"),
        (100.0, 0.0, None, "is not known here"),
    ):
        assert said in verdict_of([row], "strategic", more, lost, value, "EUR")
    assert "nothing to take apart" in verdict_of([], "strategic", 0.0, 0.0, None, "EUR")


def test_by_the_door(tmp_path, db, alice, bob):
    company = build(tmp_path)
    case = reads.get_dedicated_case("strategic", operation="warehouse", by=alice, at=AT)
    assert case.plan_id == company.plan_id
    (row,) = case.pools
    need = sum(week.need_hours for week in reads.list_pool_weeks(company.plan_id, by=alice))
    assert row.pooled_hours == pytest.approx(need / 2)
    assert case.more_cost == row.more_cost
    assert case.verdict
    with pytest.raises(Invalid):
        reads.get_dedicated_case("gold", operation="warehouse", by=alice, at=AT)
    with pytest.raises(NotFound):
        reads.get_dedicated_case("strategic", operation="warehouse", by=bob, at=AT)
