"""How well an account is known: points that add up, what is missing said, the same at any past instant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.refresh_intimacy import adopt_intimacy_criteria, refresh_intimacy
from closeknit.rooms.customers.compute.intimacy import (
    Found,
    index_of_domain,
    mean_points,
    read_criteria,
    shipped_criteria,
)
from closeknit.rooms.customers.contracts.intimacy import Knowing, Topic
from closeknit.rooms.customers.jobs import keep_intimacy
from closeknit.rooms.customers.models import IntimacyRowKept
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org import reads as org
from closeknit.rooms.sensing.tests.small import call, write_calls
from closeknit.rooms.sensing.tests.small import load as load_small

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CRITERIA = """
version: mine/1
domains:
  - domain: service
    title: Service
    weights: {coverage: 40, freshness: 30, depth: 20, use: 10}
    use: {days: 90, decisions: 2}
    wanted:
      - {title: what it asks us, topic: work, names: [desk], fresh_days: 30, depth: 100}
      - {title: what it says of us, topic: fact, names: [survey], fresh_days: 90, depth: 4}
"""


def domain():
    """Return the only domain of the small criteria."""
    (found,) = read_criteria(CRITERIA).domains
    return found


def found(count: int, first_days: int, last_days: int) -> Found:
    """Return so many statements from so many days ago to so many."""
    return Found(count, AT - timedelta(days=first_days), AT - timedelta(days=last_days))


def test_all_that_is_wanted_is_a_hundred_points_and_nothing_known_is_none():
    known = {(Topic.WORK, "desk"): found(50, 120, 1), (Topic.FACT, "survey"): found(4, 80, 2)}
    whole = index_of_domain(domain(), known, 2, AT)
    assert (whole.points, whole.missing) == (Decimal(100), ())
    nothing = index_of_domain(domain(), {}, 0, AT)
    assert nothing.points == 0
    assert nothing.missing == (
        "Nobody has said what it asks us.",
        "Nobody has said what it says of us.",
        "No decision spoke of it in 90 days.",
    )


def test_each_measure_is_a_term_with_its_reason_worked_by_hand():
    # Work: known, old (40 days), 60 of 100 days deep. Surveys: none. One of two decisions.
    known = {(Topic.WORK, "desk"): found(9, 100, 40)}
    card = index_of_domain(domain(), known, 1, AT)
    assert {term.measure: term.points for term in card.terms} == {
        Knowing.COVERAGE: Decimal("20.0"),
        Knowing.FRESHNESS: Decimal("0.0"),
        Knowing.DEPTH: Decimal("6.0"),
        Knowing.USE: Decimal("5.0"),
    }
    assert card.points == Decimal("31.0")
    assert card.missing == (
        "We heard what it asks us 40 days ago; wanted within 30.",
        "We know what it asks us for 60 days; wanted are 100.",
        "Nobody has said what it says of us.",
    )


@given(
    st.integers(0, 9),
    st.integers(0, 400),
    st.integers(0, 400),
    st.integers(0, 5),
    st.lists(st.integers(1, 97), min_size=3, max_size=3),
)
def test_terms_add_up_exactly_and_more_knowledge_never_lowers_the_index(count, first, last, decided, cuts):
    weights = [*cuts[:3], 0]
    if sum(weights) > 100:
        weights = [weights[0] * 100 // 300, weights[1] * 100 // 300, weights[2] * 100 // 300, 0]
    weights[3] = 100 - sum(weights)
    mine = replace(domain(), weights=dict(zip(Knowing, weights, strict=True)))
    known = {(Topic.WORK, "desk"): found(count + 1, max(first, last), min(first, last))}
    card = index_of_domain(mine, known, decided, AT)
    assert card.points == sum(term.points for term in card.terms)
    assert 0 <= card.points <= 100
    assert all(0 <= term.points <= term.weight for term in card.terms)
    more = index_of_domain(mine, {**known, (Topic.FACT, "survey"): found(4, 9, 1)}, decided + 1, AT)
    assert more.points >= card.points
    assert mean_points([card, more]) in {((card.points + more.points) / 2).quantize(Decimal("0.1"), "ROUND_HALF_EVEN")}


def test_the_criteria_that_come_with_the_product_are_sound():
    assert [each.domain for each in read_criteria(shipped_criteria()).domains] == ["supply", "service", "field"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("coverage: 40", "coverage: 41", "add up to 101"),
        ("coverage: 40, ", "", "coverage is missing"),
        ("topic: work", "topic: rumour", "no topic 'rumour'"),
        ("names: [desk]", "names: []", "are named"),
        ("fresh_days: 30", "fresh_days: 0", "whole number from 1"),
        ("depth: 100", "depth: 1.5", "whole number"),
        ("depth: 100", "depth: true", "whole number"),
        ("title: Service", "titel: Service", "title is missing"),
        ("version: mine/1", "version: ''", "no name"),
        ("version: mine/1", "version: [", "not YAML"),
    ],
)
def test_criteria_that_do_not_hold_are_refused_with_the_place(before, after, words):
    with pytest.raises(Invalid, match=words) as refused:
        read_criteria(CRITERIA.replace(before, after, 1))
    assert refused.value.where


@pytest.fixture
def acme(tmp_path, alice, accounts):
    """Acme's calls at the desk, on every one of the last days of February."""
    del accounts
    lines = [call(number, at=f"2026-02-{number:02d}T10:00:00", account="ACME") for number in range(1, 29)]
    load_small(write_calls(tmp_path, lines), alice)
    return "ACME"


@pytest.mark.django_db
def test_an_account_is_known_by_what_sources_said_and_differently_in_the_past(acme, alice):
    adopt_intimacy_criteria(CRITERIA, reason="Only the desk counts.", by=alice_who_sets(alice), at=AT)
    card = reads.get_intimacy(acme, by=alice, at=AT)
    (service,) = card.domains
    assert card.criteria_version == "mine/1"
    assert service.terms[0].points == Decimal("20.0")
    assert service.terms[2].reason == "0 of 2 go as far back, or were said as often, as wanted."
    before = reads.get_intimacy(acme, by=alice, at=AT - timedelta(days=60))
    assert before.criteria_version == "intimacy/1"
    assert all(domain.terms[0].points < 40 for domain in before.domains)
    again = reads.get_intimacy(acme, by=alice, at=AT)
    assert again == card


def alice_who_sets(alice):
    """Return an actor who may also change settings everywhere."""
    return replace(org.system_actor(), key=alice.key, name=alice.name)


@pytest.mark.django_db
def test_it_is_kept_once_a_day_and_listed_least_known_first(acme, alice, bob):
    kept = refresh_intimacy(by=alice, at=AT)
    assert kept == len(reads.list_account_keys(by=alice)) > 1
    assert refresh_intimacy(by=alice, at=AT) == 0
    rows = reads.list_intimacy(by=alice, at=AT)
    assert [row.points for row in rows] == sorted(row.points for row in rows)
    assert len(rows) == kept
    first, second = rows[:2]
    after = (first.points, first.account_number)
    assert reads.list_intimacy(by=alice, at=AT, after=after)[0] == second
    assert reads.list_intimacy(by=alice, at=AT - timedelta(days=1)) == []
    seen = {row.account_number for row in reads.list_intimacy(by=bob, at=AT)}
    assert seen == {key.account_number for key in reads.list_account_keys(by=bob)} < {r.account_number for r in rows}
    (line,) = decisions.list_entries(by=alice, kind="intimacy.refreshed")
    assert f"{kept:,} accounts" in line.sentence


@pytest.mark.django_db
def test_the_worker_keeps_it_weekly(acme, alice, monkeypatch):
    from closeknit.kernel import clock

    days = {}
    for day in (0, 1, 6, 7, 8, 14):
        monkeypatch.setattr(clock, "now", lambda day=day: AT + timedelta(days=day))
        keep_intimacy()
        days[day] = IntimacyRowKept.objects.values("as_of_on").distinct().count()
    assert days == {0: 1, 1: 1, 6: 1, 7: 2, 8: 2, 14: 3}


@pytest.mark.django_db
def test_who_may_not_is_refused_and_what_is_out_of_scope_is_not_there(acme, bob, dave):
    with pytest.raises(Denied):
        refresh_intimacy(by=bob, at=AT)
    with pytest.raises(Denied):
        adopt_intimacy_criteria(CRITERIA, reason="So.", by=bob, at=AT)
    with pytest.raises((Denied, NotFound)):
        reads.get_intimacy(acme, by=dave, at=AT)
    with pytest.raises(NotFound):
        reads.get_intimacy("NOBODY", by=bob, at=AT)


@pytest.mark.django_db
def test_a_version_of_the_criteria_means_one_text(alice):
    setter = alice_who_sets(alice)
    with pytest.raises(Invalid, match="reason"):
        adopt_intimacy_criteria(CRITERIA, reason=" ", by=setter, at=AT)
    adopt_intimacy_criteria(CRITERIA, reason="So.", by=setter, at=AT)
    with pytest.raises(Conflict):
        adopt_intimacy_criteria(CRITERIA.replace("Service", "Help"), reason="So.", by=setter, at=AT)
    with pytest.raises(Conflict):
        adopt_intimacy_criteria(shipped_criteria(), reason="Back.", by=setter, at=AT)
    assert reads.get_intimacy_criteria(by=setter, at=AT).version == "mine/1"
