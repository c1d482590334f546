"""Shared forecasts tell of no account: not by a number, not by the difference of numbers."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.demand import compute, reads
from closeknit.rooms.demand.actions.agree_sharing import agree_sharing
from closeknit.rooms.demand.actions.end_sharing import end_sharing
from closeknit.rooms.demand.actions.export_shared_forecast import export_shared_forecast
from closeknit.rooms.demand.compute import sharing as sums
from closeknit.rooms.demand.contracts import SharedDetail, SharedField, SharePeriod, WantedSharing, Withheld

AT = datetime(2026, 11, 16, 9, tzinfo=UTC)
TODAY = AT.date()


def cell(*amounts, start=0):
    return {f"A{start + n}": np.full(4, float(amount)) for n, amount in enumerate(amounts)}


EVEN = (3, 3, 3, 3, 3, 3)
TABLE = {
    ("picking", "north"): cell(*EVEN),
    ("picking", "south"): cell(5, 4, start=10),
    ("picking", "west"): cell(*EVEN, start=20),
    ("packing", "north"): cell(*EVEN, start=30),
    ("packing", "south"): cell(*EVEN, start=40),
    ("packing", "west"): cell(*EVEN, start=50),
}


def attack(units, withheld):
    """Work out withheld places as somebody outside would: repeatedly take the published parts from a sum."""
    known = {place: value for place, value in worth(units).items() if place not in withheld}
    lines = sums._lines(sums._with_sums(units))
    found = {}
    while True:
        before = len(found)
        for line in lines:
            unknown = [place for place in line if place not in known]
            if len(unknown) == 1:
                sign = {place: (1.0 if place == line[0] else -1.0) for place in line}
                rest = sum(sign[place] * known[place] for place in line if place in known)
                found[unknown[0]] = known[unknown[0]] = -rest / sign[unknown[0]]
        if len(found) == before:
            return found


def worth(units):
    whole = sums._with_sums(units)
    return {place: float(sum(weeks.sum() for weeks in held.values())) for place, held in whole.items()}


def test_few_accounts_and_one_above_all_stay_in_the_house():
    out = compute.withheld_places(TABLE, 5)
    assert out["picking", "south"] is Withheld.FEW_ACCOUNTS
    dominated = {**TABLE, ("picking", "south"): cell(100, 4, 4, 4, 4, 4, start=10)}
    assert compute.withheld_places(dominated, 5)["picking", "south"] is Withheld.DOMINATED
    assert compute.withheld_places({("picking", "north"): cell(*EVEN)}, 5) == {}


def test_an_account_that_dominates_a_single_week_counts():
    spiky = cell(*EVEN)
    spiky["A0"] = np.array([3.0, 60.0, 3.0, 3.0])
    assert compute.withheld_places({("picking", "north"): spiky}, 5)["picking", "north"] is Withheld.DOMINATED


def test_work_of_no_known_account_hides_nobody():
    held = {**cell(3, 3, 3, 3), "": np.full(4, 90.0)}
    assert compute.withheld_places({("picking", "north"): held}, 5)["picking", "north"] is Withheld.FEW_ACCOUNTS


def test_red_twin_without_protection_a_difference_gives_the_number_away():
    primary = {("picking", "south"): Withheld.FEW_ACCOUNTS}
    assert attack(TABLE, primary)["picking", "south"] == pytest.approx(36.0), "the sum of two accounts"
    assert compute.derivable(TABLE, primary) == {("picking", "south")}


def test_no_difference_gives_a_withheld_number_away():
    out = compute.withheld_places(TABLE, 5)
    assert ("picking", "south") not in attack(TABLE, out)
    assert compute.derivable(TABLE, out).isdisjoint({("picking", "south")})
    assert sum(why is Withheld.PROTECTS for why in out.values()) >= 2
    assert len(out) < len(worth(TABLE)), "something is still shared"


def test_no_random_table_is_broken_by_differences():
    rng = np.random.default_rng(4)
    guarded = broken = 0
    for _ in range(150):
        units = {}
        for s in range(int(rng.integers(1, 4))):
            for r in range(int(rng.integers(1, 5))):
                amounts = rng.gamma(1.0, 5.0, int(rng.integers(1, 12)))
                units[f"s{s}", f"r{r}"] = cell(*amounts, start=int(rng.integers(0, 40)))
        every = sums._with_sums(units)
        unsafe = {place: why for place, held in every.items() if (why := sums._unsafe(held, 5)) is not None}
        out = compute.withheld_places(units, 5)
        assert set(unsafe) <= set(out)
        assert set(attack(units, out)).isdisjoint(unsafe)
        assert compute.derivable(units, out).isdisjoint(unsafe)
        guarded += bool(unsafe)
        broken += bool(set(attack(units, unsafe)) & set(unsafe))
    assert guarded > 50
    assert broken > 20, "without protection these would have been given away"


def wanted(**changed):
    given = {
        "partner": "Parcel Ltd",
        "operation": "warehouse",
        "purpose": "To book vans.",
        "detail": SharedDetail.SERVICE_AND_REGION,
        "period": SharePeriod.WEEK,
        "fields": (SharedField.MEAN,),
        "from_on": TODAY,
        "until_on": TODAY + timedelta(days=90),
    }
    return WantedSharing(**(given | changed))


@pytest.fixture
def agreed(forecast, carol):
    return agree_sharing(wanted(), by=carol, at=AT)


@pytest.fixture
def forecast(monkeypatch, accounts):
    """A forecast of two regions in force, with many accounts in one of them and two in the other."""
    from types import SimpleNamespace

    from closeknit.kernel import ids
    from closeknit.rooms.demand.contracts import AccountUnits
    from closeknit.rooms.sensing import reads as sensing
    from closeknit.web.tests import scene

    run = ids.new_id()
    scene.add_run(run, ids.new_id())
    weeks = np.array([TODAY, TODAY + timedelta(days=7)], dtype="datetime64[D]")
    starts = np.datetime64(TODAY, "m") + np.arange(14) * np.timedelta64(1440, "m")
    panel = SimpleNamespace(
        keys=(),
        total_keys=(("picking", "north"), ("picking", "south"), ("picking", "west")),
        total_of_series=np.zeros(0, dtype=np.int64),
        weekly_mean=np.zeros((0, 2)),
        week_on=weeks,
        local_starts=starts,
        total_mean=np.repeat([[60.0], [6.0], [30.0]], 14, axis=1) / 7,
        total_weekly_mean=np.repeat([[60.0], [6.0], [30.0]], 2, axis=1),
        total_weekly_quantiles=np.repeat(np.array([[[50.0], [4.0], [25.0]], [[70.0], [9.0], [36.0]]]), 2, axis=2),
    )
    numbers = SimpleNamespace(panels=(panel,), quantile_levels=np.array([0.1, 0.9]))
    rows = [AccountUnits("picking", "north", "standard", f"N{n}", 10.0, False) for n in range(6)]
    rows += [AccountUnits("picking", "south", "standard", f"S{n}", 3.0, False) for n in range(2)]
    rows += [AccountUnits("picking", "west", "standard", f"W{n}", 5.0, False) for n in range(6)]
    monkeypatch.setattr(reads, "get_numbers", lambda *_, **__: numbers)
    monkeypatch.setattr(reads, "account_weekly_units", lambda *_, **__: rows)
    monkeypatch.setattr(sensing, "get_operation", lambda *_, **__: None)
    return run


@pytest.mark.django_db
def test_an_export_withholds_says_so_and_is_logged(agreed, carol, frank):
    found = export_shared_forecast(agreed, way="csv", by=carol, at=AT)
    by_place = {(c.service, c.region): c for c in found.cells if c.starts_on == TODAY}
    assert by_place["picking", "south"].withheld is Withheld.FEW_ACCOUNTS
    assert by_place["picking", "south"].mean is None
    assert by_place["picking", "north"].mean == pytest.approx(60.0)
    assert by_place["picking", "north"].low is None, "only the mean was agreed"
    hidden = {place for place, c in by_place.items() if c.withheld}
    assert len(hidden) >= 2, "another place guards it"
    (access,) = reads.list_sharing_accesses(agreement_id=agreed, by=frank)
    assert (access.cells, access.withheld, access.way, access.digest) == (
        len(found.cells),
        found.withheld,
        "csv",
        found.digest,
    )
    card = reads.get_sharing(agreed, by=frank)
    kinds = [line.kind for line in decisions.list_entries(thread_id=card.thread_id, by=frank)]
    assert sorted(kinds) == ["sharing.agreed", "sharing.exported"]
    assert card.exports == 1


@pytest.mark.django_db
def test_two_agreements_of_one_operation_together_give_nothing_away(agreed, carol):
    other = agree_sharing(wanted(detail=SharedDetail.REGION, least_accounts=7), by=carol, at=AT)
    first, second = (export_shared_forecast(one, way="api", by=carol, at=AT) for one in (agreed, other))
    shown = {(c.service, c.region) for f in (first, second) for c in f.cells if c.withheld is None}
    hidden = {(c.service, c.region) for f in (first, second) for c in f.cells if c.withheld is not None}
    assert shown.isdisjoint(hidden)


@pytest.mark.django_db
def test_ranges_of_single_groups_and_months_that_are_whole(forecast, carol):
    fields = (SharedField.MEAN, SharedField.LOW, SharedField.HIGH)
    ranged = agree_sharing(wanted(fields=fields), by=carol, at=AT)
    cells = export_shared_forecast(ranged, way="csv", by=carol, at=AT).cells
    north = next(c for c in cells if (c.service, c.region) == ("picking", "north"))
    assert (north.low, north.high) == (50.0, 70.0)
    assert all(c.low is None for c in cells if c.region == "")
    monthly = agree_sharing(wanted(period=SharePeriod.MONTH), by=carol, at=AT)
    assert export_shared_forecast(monthly, way="csv", by=carol, at=AT).cells == (), "two weeks hold no whole month"


@pytest.mark.django_db
def test_nothing_leaves_before_after_or_once_it_ended(agreed, carol):
    late = agree_sharing(wanted(from_on=TODAY + timedelta(days=3)), by=carol, at=AT)
    for agreement, at in ((late, AT), (agreed, AT + timedelta(days=90))):
        with pytest.raises(Conflict):
            export_shared_forecast(agreement, way="csv", by=carol, at=at)
    with pytest.raises(Invalid):
        end_sharing(agreed, reason=" ", by=carol, at=AT)
    end_sharing(agreed, reason="They left.", by=carol, at=AT)
    with pytest.raises(Conflict):
        export_shared_forecast(agreed, way="csv", by=carol, at=AT)
    with pytest.raises(Conflict):
        end_sharing(agreed, reason="Again.", by=carol, at=AT)
    assert reads.list_sharing_accesses(by=carol) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed",
    [
        {"partner": " "},
        {"purpose": ""},
        {"fields": ()},
        {"least_accounts": 4},
        {"until_on": TODAY},
        {"until_on": TODAY + timedelta(days=800)},
        {"from_on": date(2026, 1, 1), "until_on": date(2026, 2, 1)},
    ],
)
def test_what_would_be_no_agreement_is_refused(changed, forecast, carol):
    with pytest.raises(Invalid):
        agree_sharing(wanted(**changed), by=carol, at=AT)


@pytest.mark.django_db
@pytest.mark.parametrize("person", ["alice", "bob", "dave", "frank", "gina"])
def test_only_who_may_share_agrees_exports_and_ends(person, agreed, request):
    by = request.getfixturevalue(person)
    for act in (
        lambda: agree_sharing(wanted(), by=by, at=AT),
        lambda: export_shared_forecast(agreed, way="csv", by=by, at=AT),
        lambda: end_sharing(agreed, reason="So.", by=by, at=AT),
    ):
        with pytest.raises(Denied):
            act()


@pytest.mark.django_db
def test_the_log_is_for_those_who_see_every_account(agreed, bob, carol):
    with pytest.raises(Denied):
        reads.list_sharing_accesses(by=bob)
    with pytest.raises(Denied):
        reads.list_sharing(by=bob)
    with pytest.raises(NotFound):
        reads.get_sharing(agreed.__class__(int=1), by=carol)
