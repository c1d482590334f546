"""Expectations: answers beside the time that work took before them, by its clocks; too few say so."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import numpy as np
import pytest
from tests.cast import enter, sign_in

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.compute.expectations import PromiseKind, expectation_of
from closeknit.rooms.agreements.contracts import Clock, ExpectationVerdict, Measure
from closeknit.rooms.agreements.contracts.expectations import PairedAnswer
from closeknit.rooms.agreements.models import TermRow
from closeknit.rooms.agreements.tests.deals import CLAUSE, TODAY, signed, wanted
from closeknit.rooms.agreements.tests.repairs import load_repairs
from closeknit.rooms.agreements.tests.test_work_clocks import move_back
from closeknit.rooms.sensing.tests.small import load

SURVEYS = """recipe: surveys
title: Surveys
time_zone: UTC
streams:
  - name: surveys
    from: surveys.csv
    into: survey
    fields: {survey_number: id, account_number: account, answered_at: at, kind: kind, score: score}
"""
AT = datetime(2025, 9, 1, tzinfo=UTC)
PROMISE = PromiseKind("repair", "visit", "", Measure.RESOLVE_WITHIN)


def answers_on(slope: float, count: int = 200, allowed: float = 240.0) -> list[PairedAnswer]:
    """Answers of 20 accounts that fall with time: satisfied (4) up to where 5 - slope x hours is 4."""
    rng = np.random.default_rng(3)
    minutes = rng.uniform(10.0, 480.0, count)
    scores = 5.0 - slope * minutes / 60 + rng.normal(0.0, 0.3, count)
    rows = zip(minutes.tolist(), scores.tolist(), strict=True)
    return [PairedAnswer(f"A{i % 20}", time, score, allowed) for i, (time, score) in enumerate(rows)]


@pytest.mark.parametrize(
    ("slope", "allowed", "verdict"),
    [
        (0.25, 240.0, ExpectationVerdict.FITTING),
        (0.25, 420.0, ExpectationVerdict.TOO_LOOSE),
        (0.25, 30.0, ExpectationVerdict.TOO_TIGHT),
        (0.0, 240.0, ExpectationVerdict.ALWAYS),
    ],
)
def test_the_verdict_compares_what_is_needed_with_what_is_promised(slope, allowed, verdict):
    found = expectation_of(PROMISE, answers_on(slope, allowed=allowed), wanted_score=4.0, least_answers=40)
    assert found.verdict is verdict
    if found.limit_minutes is not None:
        assert found.low_minutes <= found.limit_minutes <= (found.high_minutes or found.limit_minutes)
        assert found.low_minutes < 240.0 < (found.high_minutes or 1e9)
    assert sum(step.answers for step in found.steps) == 200


def test_what_is_never_reached_or_makes_no_difference_has_no_limit():
    never = expectation_of(PROMISE, answers_on(0.25), wanted_score=9.0, least_answers=40)
    assert (never.verdict, never.limit_minutes) == (ExpectationVerdict.NEVER, None)
    flat = expectation_of(PROMISE, answers_on(0.0), wanted_score=5.0, least_answers=40)
    assert (flat.verdict, flat.limit_minutes) == (ExpectationVerdict.NO_LINK, None)


def test_too_few_answers_say_so_and_the_order_of_answers_changes_nothing():
    found = expectation_of(PROMISE, answers_on(0.25, count=39), wanted_score=4.0, least_answers=40)
    assert (found.verdict, found.limit_minutes, found.sentence) == (
        ExpectationVerdict.TOO_FEW,
        None,
        "39 of 40 answers.",
    )
    many = answers_on(0.25)
    again = expectation_of(PROMISE, many[::-1], wanted_score=4.0, least_answers=40)
    assert again == expectation_of(PROMISE, many, wanted_score=4.0, least_answers=40)


@pytest.fixture
def answered(tmp_path, accounts, alice):
    """Sixty repairs of ACME, each rated two hours after its end: satisfied up to three hours, promised are four."""
    signed(wanted(clauses=(replace(CLAUSE, clock=Clock.CALENDAR),)))
    move_back(TODAY + timedelta(days=7 + 30))
    first = datetime(2025, 6, 2, 6, tzinfo=UTC)
    repairs, surveys = [], []
    for i in range(60):
        came, minutes = first + timedelta(days=i), 30 + 6 * i
        ended = came + timedelta(minutes=minutes)
        local = timedelta(hours=2)
        repairs.append(f"R{i},{came + local:%Y-%m-%dT%H:%M:%S},ACME,P2,{ended + local:%Y-%m-%dT%H:%M:%S}")
        score = 5 if minutes <= 180 else 2
        surveys.append(f"S{i},ACME,{ended + timedelta(hours=2):%Y-%m-%dT%H:%M:%S},csat,{score}")
    load_repairs(tmp_path, alice, *repairs)
    other = f"S-B,BOLT,{first:%Y-%m-%dT%H:%M:%S},nps,9"
    path = tmp_path / "surveys.csv"
    path.write_text("id,account,at,kind,score\n" + "".join(f"{line}\n" for line in [*surveys, other]))
    load(path, alice, recipe=SURVEYS)


def one_day(by):
    """What is said where an answer speaks of the work of its own day."""
    from closeknit.rooms.agreements.contracts.expectations import LOOK_BACK_DAYS
    from closeknit.rooms.org.actions.set_setting import set_setting
    from closeknit.rooms.org.contracts.settings import SettingLevel

    now = datetime.now(UTC)
    set_setting(
        LOOK_BACK_DAYS.key, level=SettingLevel.GLOBAL, place="", value=1, reason="Same day.", by=enter("erin"), at=now
    )
    return reads.get_expectations(account_number="ACME", by=by, at=now, days=1000)


def test_answers_are_held_beside_the_time_that_clocks_counted(answered, alice):
    terms = TermRow.objects.count()
    found = one_day(alice)
    assert (found.kind, found.kinds, found.answers, found.look_back_days) == ("csat", ("csat",), 60, 1)
    (promise,) = found.promises
    assert (promise.operation, promise.service, promise.measure) == ("repair", "visit", Measure.RESOLVE_WITHIN)
    assert (promise.answers, promise.accounts, promise.promised_minutes) == (60, 1, 240.0)
    assert promise.limit_minutes == 180.0
    assert [(step.from_minutes, step.to_minutes, step.score) for step in promise.steps] == [
        (30.0, 180.0, 5.0),
        (186.0, 384.0, 2.0),
    ]
    assert promise.verdict is ExpectationVerdict.TOO_LOOSE
    assert TermRow.objects.count() == terms


def name_work(folder, by, **named):
    """State the same answers again; each of ACME's names its repair, or what `named` says by survey."""
    lines = (folder / "surveys.csv").read_text().splitlines()
    work = [named.get(line.split(",")[0], "R" + line.split(",")[0][1:]) for line in lines[1:]]
    (folder / "surveys.csv").write_text(
        f"{lines[0]},work\n" + "".join(f"{line},{key}\n" for line, key in zip(lines[1:], work, strict=True))
    )
    load(folder / "surveys.csv", by, recipe=SURVEYS.replace("score: score", "score: score, work_key: work"))


def test_an_answer_that_names_its_work_is_held_beside_that_work_only(answered, tmp_path, alice, client):
    """The red twin is the test after it: without names the mean of fourteen days blurs the limit."""
    name_work(tmp_path, alice)
    found = reads.get_expectations(account_number="ACME", by=alice, at=AT)
    (promise,) = found.promises
    assert (found.look_back_days, found.answers, found.named) == (14, 60, 60)
    assert (promise.limit_minutes, promise.verdict) == (180.0, ExpectationVerdict.TOO_LOOSE)
    assert [(step.from_minutes, step.to_minutes, step.score) for step in promise.steps] == [
        (30.0, 180.0, 5.0),
        (186.0, 384.0, 2.0),
    ]


def test_a_name_that_nobody_knows_leaves_the_mean(answered, tmp_path, alice):
    name_work(tmp_path, alice, S59="R-NONE", S58="R0")
    found = reads.get_expectations(account_number="ACME", by=alice, at=AT)
    # R-NONE is no work, and R0 ended months before that answer: both stand beside the mean of their days.
    assert (found.answers, found.named) == (60, 58)
    assert found.promises[0].answers == 60


def test_a_mean_of_several_days_is_what_counts_otherwise(answered, alice):
    found = reads.get_expectations(account_number="ACME", by=alice, at=AT)
    # The last answer stands beside the work of fourteen days: minutes 306, 312, ... 384.
    assert (found.look_back_days, found.promises[0].steps[-1].to_minutes) == (14, 345.0)


def test_holds_do_not_count_and_business_time_does(tmp_path, accounts, alice):
    signed(wanted(clauses=(replace(CLAUSE, clock=Clock.BUSINESS),)))
    move_back(TODAY + timedelta(days=7 + 30))
    # From Friday 16:00 to Monday 10:00 in Berlin: whole working days count, so 8 hours and 10 hours.
    load_repairs(tmp_path, alice, "R1,2025-06-06T16:00:00,ACME,P2,2025-06-09T10:00:00")
    path = tmp_path / "surveys.csv"
    path.write_text("id,account,at,kind,score\nS1,ACME,2025-06-09T12:00:00,csat,4\n")
    load(path, alice, recipe=SURVEYS)
    (promise,) = reads.get_expectations(account_number="ACME", by=alice, at=AT).promises
    assert promise.steps[0].from_minutes == 18 * 60.0
    assert promise.verdict is ExpectationVerdict.TOO_FEW


def test_the_time_of_the_answer_bounds_what_it_speaks_of(answered, alice):
    early = datetime(2025, 6, 2, 12, tzinfo=UTC)
    found = reads.get_expectations(account_number="ACME", by=alice, at=early)
    assert (found.answers, [promise.answers for promise in found.promises]) == (1, [1])


def test_it_is_told_of_accounts_in_sight_only(answered, alice, bob):
    assert reads.get_expectations(by=alice, at=AT).kinds == ("csat", "nps")
    assert reads.get_expectations(by=bob, at=AT).kinds == ("csat",)
    assert reads.get_expectations(by=alice, at=AT, tier="key").promises == ()
    with pytest.raises(NotFound):
        reads.get_expectations(account_number="BOLT", by=bob, at=AT)
    for name in ("gina", "dave"):
        with pytest.raises(Denied):
            reads.get_expectations(by=enter(name), at=AT)


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"tier": "gold"}, "tier"),
        ({"wanted_score": float("nan")}, "wanted_score"),
        ({"wanted_score": 1e9}, "wanted_score"),
        ({"days": 0}, "days"),
        ({"days": 10**9}, "days"),
    ],
)
def test_odd_questions_are_refused_with_the_field(accounts, alice, asked, where):
    with pytest.raises(Invalid) as refused:
        reads.get_expectations(by=alice, at=AT, **asked)
    assert refused.value.where == where


def test_the_page_shows_it_and_leads_to_a_need(answered, client, alice):
    one_day(alice)
    sign_in(client, "alice")
    page = client.get("/expectations/?account=ACME&days=1000").content.decode()
    assert "they need it sooner than promised" in page
    link = unescape(re.search(r'href="(/needs/\?[^"#]+)', page)[1])
    form = client.get(link).content.decode()
    assert 'name="within_minutes" value="180"' in form
    given = {"account_number": "ACME", "words": "Sooner.", "heard_in": "Answers", "within_minutes": "180"}
    led = client.post("/needs/state/", given).headers["Location"]
    assert 'value="180"' in client.get(led).content.decode()
    assert client.get("/expectations/?score=x").status_code == 422
    assert b"repair,visit" in client.get("/expectations/?account=ACME&days=1000&format=csv").getvalue()
