"""Freshness: each decision says how fresh its data must be, each feed is measured, and stale data settles nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.cast import enter, sign_in

from closeknit.kernel import clock
from closeknit.kernel.errors import Denied
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import FRESHNESS_SETTINGS, Advice, FeedLatency, FreshFor
from closeknit.rooms.sensing.models import Batch, BatchOperation
from closeknit.rooms.sensing.reads.freshness import advise
from closeknit.rooms.sensing.tests.small import AT, call, load, write_calls
from closeknit.rooms.sensing.tests.test_doors import run

pytestmark = pytest.mark.django_db
NEWEST = datetime(2026, 2, 4, 9, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def loaded(tmp_path, alice):
    return load(write_calls(tmp_path, [call(1), call(3)]), alice)


def come(times):
    """Let the feed's loads come at these (newest event, commit)."""
    Batch.objects.update(finished_at=times[0][1])
    BatchOperation.objects.update(last_at=times[0][0])
    first = Batch.objects.get()
    for number, (newest, finished) in enumerate(times[1:]):
        batch = Batch.objects.get(pk=first.pk)
        batch.pk, batch.source_sha256, batch.finished_at = None, f"{number}", finished
        batch.save(force_insert=True)
        BatchOperation.objects.create(
            batch=batch, operation="desk", rows=1, first_at=newest, last_at=newest, content_sum=1
        )


def of(kind, by, at):
    return next(f for f in reads.list_feed_freshness("small", at=at, by=by) if f.kind is kind)


def test_the_newest_event_is_held_against_what_each_decision_asks_for(alice, loaded):
    newest = of(FreshFor.PLAN, alice, NEWEST).newest_data_at
    for kind, setting in FRESHNESS_SETTINGS.items():
        edge = newest + timedelta(hours=setting.default)
        assert not of(kind, alice, edge).is_stale
        assert of(kind, alice, edge + timedelta(seconds=1)).is_stale
    evidence = reads.get_freshness(FreshFor.PLAN, "desk", at=AT + 193 * HOUR, by=alice)
    assert (evidence.stale_feeds, evidence.is_stale) == (1, True)
    assert reads.get_freshness(FreshFor.PLAN, "nothing", at=newest, by=alice).is_stale


def test_a_place_may_ask_for_more(alice, loaded):
    newest = of(FreshFor.PLAN, alice, NEWEST).newest_data_at
    now = clock.now()
    key = FRESHNESS_SETTINGS[FreshFor.PLAN].key
    later = now + timedelta(minutes=1)
    set_setting(key, 1e4 - 5000, level="region", place="north", reason="So.", by=enter("erin"), at=now)
    set_setting(key, 8000.0, reason="Old data.", by=enter("erin"), at=now)
    north = reads.get_freshness(FreshFor.PLAN, "desk", region="north", at=later, by=alice)
    south = reads.get_freshness(FreshFor.PLAN, "desk", region="south", at=later, by=alice)
    assert (north.objective_hours, south.objective_hours) == (5000.0, 8000.0)
    for one in (north, south):
        region = "north" if one is north else "south"
        listed = {f.kind: f for f in reads.list_feed_freshness("small", region=region, at=later, by=alice)}
        assert listed[FreshFor.PLAN].objective_hours == one.objective_hours
        assert listed[FreshFor.TIER].objective_hours == FRESHNESS_SETTINGS[FreshFor.TIER].default
    assert newest < later


def test_how_a_feed_comes_is_measured_and_the_first_load_left_out(alice, loaded):
    times = [(NEWEST + n * HOUR, NEWEST + n * HOUR + 0.5 * HOUR) for n in range(0, 24, 4)]
    times[0] = (NEWEST, NEWEST + 900 * HOUR)
    come([(NEWEST - 800 * HOUR, NEWEST - HOUR), *times[1:]])
    latency = of(FreshFor.PLAN, alice, NEWEST).latency
    assert latency.loads == 5
    assert latency.delay_hours == pytest.approx(0.5)
    assert latency.gap_hours == pytest.approx(4.0)
    assert latency.worst_age_hours == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("objective", "delay", "gap", "uses", "advice"),
    [
        (8.0, 0.5, 4.0, 1.0, Advice.BATCH),
        (4.5, 0.5, 4.0, 1.0, Advice.BATCH),
        (4.4, 0.5, 4.0, 1.0, Advice.OFTENER),
        (4.4, 0.5, 4.0, None, Advice.OFTENER),
        (4.4, 0.5, 4.0, 0.0, Advice.BATCH),
        (1.0, 0.1, 4.0, 1.0, Advice.STREAM),
        (2.0, 3.0, 4.0, 1.0, Advice.STREAM),
    ],
)
def test_advice_follows_what_was_measured(objective, delay, gap, uses, advice):
    found, sentence = advise(objective, FeedLatency(5, delay, delay, gap, delay + gap), uses)
    assert found is advice
    assert sentence


def test_too_few_loads_give_no_advice(alice, loaded):
    assert of(FreshFor.PLAN, alice, NEWEST).advice is Advice.UNKNOWN


def test_page_api_and_command_line_show_stale_as_stale(client, capsys, alice, loaded):
    sign_in(client, "alice")
    page = client.get("/feeds/").content.decode()
    assert "stale</span> for plan" in page
    assert "settles nothing by itself" in client.get("/feeds/small/").content.decode()
    found = client.get("/api/v1/freshness?feed=small").json()
    assert {f["kind"]: f["is_stale"] for f in found}["plan"] is True
    one = client.get("/api/v1/freshness/plan?operation=desk").json()
    assert (one["stale_feeds"], one["is_stale"]) == (1, True)
    assert client.get("/api/v1/freshness/horses?operation=desk").status_code == 422
    assert len(run(capsys, alice, "sensing", "freshness", "--feed", "small")["freshness"]) == len(FreshFor)


def test_who_sees_some_accounts_only_asks_nothing(bob, dave, loaded):
    for by in (bob, dave):
        with pytest.raises(Denied):
            reads.list_feed_freshness(at=NEWEST, by=by)
        with pytest.raises(Denied):
            reads.get_freshness(FreshFor.PLAN, "desk", at=NEWEST, by=by)


@pytest.mark.parametrize(("hours", "holds"), [(192.0, True), (0.01, False)])
def test_a_plan_on_stale_data_settles_nothing_by_itself(tmp_path, hours, holds):
    from tests.small_company import AT as THEN
    from tests.small_company import build

    from closeknit.rooms.decisions import reads as decisions

    key = FRESHNESS_SETTINGS[FreshFor.PLAN].key
    set_setting(key, hours, reason="So.", by=enter("erin"), at=THEN - 24 * HOUR)
    company = build(tmp_path)
    card = decisions.get_proposal(company.proposal_id, by=enter("alice"))
    assert {v.rule: v.holds for v in card.verdicts}["feeds-fresh"] is holds


def test_only_the_latest_loads_tell_how_a_feed_comes(alice, loaded, monkeypatch):
    from closeknit.rooms.sensing.reads import freshness

    early = [(NEWEST + n * 48 * HOUR, NEWEST + n * 48 * HOUR + HOUR) for n in range(4)]
    late = [(early[-1][0] + n * HOUR, early[-1][0] + n * HOUR + 0.5 * HOUR) for n in range(1, 5)]
    come([*early, *late])
    assert of(FreshFor.PLAN, alice, NEWEST).latency.loads == 7
    monkeypatch.setattr(freshness, "MOST_LOADS", 4)
    latency = of(FreshFor.PLAN, alice, NEWEST).latency
    assert (latency.loads, latency.gap_hours, latency.delay_hours) == (3, pytest.approx(1.0), pytest.approx(0.5))


def test_decisions_are_counted_lately_and_only_for_who_reads_the_whole_ledger(alice, loaded):
    from closeknit.rooms.decisions import reads as decisions

    now = clock.now()
    kinds = ["no.such-kind"]
    span = {"since_at": now - timedelta(days=1), "until_at": now + timedelta(days=1), "by": alice}
    every = {line.kind for line in decisions.list_entries(by=alice)}
    assert every
    found = decisions.count_latest_entries([*every, *kinds], most=1000, **span)
    for kind in every:
        assert found[kind] == len(decisions.list_entries(kind=kind, limit=1000, by=alice))
    assert found["no.such-kind"] == 0
    assert max(decisions.count_latest_entries(list(every), most=1, **span).values()) == 1
    assert not any(decisions.count_latest_entries(list(every), most=9, **{**span, "since_at": now + HOUR}).values())
    with pytest.raises(Denied):
        decisions.count_latest_entries(kinds, most=1, **{**span, "by": enter("bob")})
