"""Overrides are held to account: applied in the next run, measured against what came, told in the policy table."""

import csv
from datetime import UTC, datetime, timedelta

import pytest
from tests.cast import enter
from tests.small_company import AT, RECIPE, deliver_all, load

from closeknit.kernel.scope import acting_as
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.measure_overrides import measure_overrides
from closeknit.rooms.demand.actions.withdraw_override import withdraw_override
from closeknit.rooms.demand.contracts import AdjustedPlace, AdjustmentKind, AdjustmentOutcome, OverrideVerdict
from closeknit.rooms.demand.models import ForecastRun, OverrideWeek
from closeknit.rooms.demand.tests.overriding import MONDAY, WANTED, forecast, override
from closeknit.rooms.org.reads import system_actor

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def company(db, tmp_path):
    load(tmp_path)
    return tmp_path


def let_days_pass(folder, days, factor=1.4, number="ACME"):
    """Load what came on the next days: the usual of everybody, and a factor of it from one account."""
    from tests.small_company import ACCOUNTS

    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    folder = folder / f"more-{days}"
    folder.mkdir()
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    with (folder / "orders.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["order", "at", "account", "lines", "amount"])
        for day in range(days):
            at = MONDAY + timedelta(days=day)
            for account, _, _, _, size in ACCOUNTS:
                lines = (size + (56 + day) % 7) * (factor if account == number else 1.0)
                rows.writerow([f"{account}-{56 + day}", f"{at}T10:00:00", account, round(lines), f"{size}.00"])
    for name in ("accounts", "terms"):
        (folder / f"{name}.csv").write_text((folder.parent / f"{name}.csv").read_text(encoding="utf-8"), "utf-8")
    load_recipe(str(folder / "recipe.yaml"), folder, by=enter("alice"), at=AT + timedelta(days=days))
    deliver_all()


def measure(at=AT):
    return measure_overrides("warehouse", thread_id=ids(), by=system_actor(), at=at)


def ids():
    from closeknit.kernel import ids

    return ids.new_id()


def numbers(run_id):
    return reads.get_numbers(run_id, by=enter("alice"))


def test_the_next_run_differs_exactly_there_and_an_override_taken_back_gives_back_the_statistical_one(company, alice):
    first = forecast()
    made = override(at=AT - MINUTE)
    second = forecast()
    assert second != first
    (plain,), (changed,) = numbers(first).panels, numbers(second).panels
    acme = [i for i, key in enumerate(changed.keys) if key.account_number == "ACME"]
    others = [i for i in range(len(changed.keys)) if i not in acme]
    assert changed.mean[acme, :14] == pytest.approx(1.4 * plain.mean[acme, :14])
    assert (changed.mean[others] == plain.mean[others]).all()
    assert (changed.mean[:, 14:] == plain.mean[:, 14:]).all()
    assert (changed.statistical_mean == plain.mean).all()
    (applied,) = reads.list_applied_adjustments(second, by=alice)
    assert (applied.adjustment.adjustment_id, applied.outcome) == (str(made), AdjustmentOutcome.APPLIED)
    assert reads.find_current_run("warehouse", by=alice).run_id == second
    withdraw_override(made, reason="Called off.", replan=False, by=alice, at=AT - MINUTE / 2)
    runs = ForecastRun.objects.count()
    assert forecast(at=AT + MINUTE) == first
    assert ForecastRun.objects.count() == runs
    assert reads.find_current_run("warehouse", by=alice).run_id == first


def test_what_a_run_applied_shows_with_its_account_only(company, alice, bob):
    override(at=AT - MINUTE)
    override(place=AdjustedPlace(service="picking"), size=1.1, at=AT - MINUTE)
    run = forecast()
    assert len(reads.list_applied_adjustments(run, by=alice)) == 2
    with acting_as(bob):
        (seen,) = reads.list_applied_adjustments(run, by=bob)
    assert seen.adjustment.place.account_number == "ACME"


def test_a_good_override_is_worth_what_it_took_off_the_error(company, alice):
    forecast()
    made = override(at=AT - MINUTE)
    forecast()
    assert measure() == 0
    let_days_pass(company, 14)
    assert measure() == 2
    assert measure() == 0, "measuring again changes nothing"
    worth = reads.get_override(made, by=alice).worth
    weeks = OverrideWeek.objects.filter(override=made)
    assert worth.units_actual == sum(w.units_actual for w in weeks) == pytest.approx(1.4 * 14 * 93, rel=0.01)
    assert worth.error_before == pytest.approx(0.4 * 14 * 93, rel=0.05)
    assert worth.error_after < 0.05 * worth.units_actual
    assert worth.added_share == pytest.approx(0.4 / 1.4, rel=0.1)
    lines = decisions.get_thread(reads.get_override(made, by=alice).thread_id, by=alice)
    (told,) = [line.sentence for line in lines if line.kind == "override.measured"]
    assert "brought it nearer" in told


def test_a_bad_override_shows_as_such(company, alice):
    forecast()
    made = override(at=AT - MINUTE)
    forecast()
    let_days_pass(company, 14, factor=1.0)
    measure()
    assert reads.get_override(made, by=alice).worth.added_share == pytest.approx(-0.4, rel=0.1)


def test_only_whole_weeks_count_and_late_data_are_measured_again(company, alice):
    forecast()
    made = override(to_on=MONDAY + timedelta(days=10), at=AT - MINUTE)
    forecast()
    let_days_pass(company, 9)
    assert measure() == 1
    let_days_pass(company, 12)
    assert measure() == 1, "the second week of the window has three days"
    second = OverrideWeek.objects.get(override=made, week_on=MONDAY + WEEK)
    assert second.units_actual == pytest.approx(1.4 * 3 * 91.5, rel=0.03)
    OverrideWeek.objects.filter(pk=second.pk).update(units_actual=1.0)
    assert measure() == 1
    second.refresh_from_db()
    assert second.units_actual > 300


def test_an_override_taken_back_before_its_weeks_is_worth_nothing(company, alice):
    forecast()
    made = override(at=AT - MINUTE)
    forecast()
    withdraw_override(made, reason="Called off.", replan=False, by=alice, at=AT)
    forecast(at=AT + MINUTE)
    let_days_pass(company, 14)
    assert measure() == 0
    assert reads.get_override(made, by=alice).worth is None


def test_of_overlapping_overrides_each_is_worth_its_own_step(company, alice):
    forecast()
    first = override(at=AT - 2 * MINUTE)
    second = override(size=0.5, at=AT - MINUTE)
    forecast()
    let_days_pass(company, 14)
    assert measure() == 4
    good, bad = (reads.get_override(made, by=alice).worth for made in (first, second))
    assert good.error_after == pytest.approx(bad.error_before)
    assert good.added_units > 0 > bad.added_units


def test_the_policy_says_where_it_pays_and_tells_who_overrides(company, alice, bob):
    forecast()
    assert reads.preview_override(WANTED, by=alice, at=AT).track_record == ""
    for number in range(6):
        day = MONDAY + timedelta(days=2 * number)
        override(
            from_on=day, to_on=day + timedelta(days=2), size=1.3 + number / 100, at=AT - MINUTE + number * MINUTE / 10
        )
    whole = override(
        place=AdjustedPlace(service="picking"), kind=AdjustmentKind.ADD, size=-200.0, from_on=MONDAY + WEEK, at=AT
    )
    forecast()
    let_days_pass(company, 14)
    measure()
    rows = {row.name: row for row in reads.list_override_value(by=alice)}
    up, down = rows["increases of picking"], rows["decreases of picking"]
    assert (up.overrides, up.better, up.verdict) == (6, 6, OverrideVerdict.PAYS)
    assert up.low_share <= up.mean_share <= up.high_share
    assert "overriding pays here" in up.sentence
    assert (down.overrides, down.verdict) == (1, OverrideVerdict.UNKNOWN)
    assert "too few to say" in down.sentence
    assert reads.list_override_value(by=alice) == reads.list_override_value(by=alice), "the draws are seeded"
    assert reads.get_override_value(by=alice).overrides == 7
    assert {row.name for row in reads.list_override_value(by=alice, group="author")} == {"Alice Planner"}
    assert (
        "Your last 6 increases of picking made it better"
        in reads.preview_override(WANTED, by=alice, at=AT).track_record
    )
    with acting_as(bob):
        assert reads.get_override_value(by=bob).overrides == 6
        assert whole not in [card.override_id for card in reads.list_overrides(by=bob)]
        assert "The last 6" in reads.preview_override(WANTED, by=bob, at=AT).track_record


def test_the_time_is_the_datas_own(company, alice):
    """Data of a past year can be overridden today: what has passed is what was observed."""
    forecast()
    made = override(at=datetime(2030, 1, 1, tzinfo=UTC))
    assert reads.get_override(made, by=alice).made_at.year == 2030
