"""What was kept under a number that was merged away is the kept account's: in every room, and given back by a split."""

from datetime import timedelta

import pytest
from django.urls import reverse
from tests.cast import enter, sign_in
from tests.small_company import AT, FOREIGN, build, deliver_all

from closeknit.kernel import clock, ids
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.capacity import reads as capacity
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.actions.merge_accounts import merge_accounts
from closeknit.rooms.customers.actions.split_accounts import split_accounts
from closeknit.rooms.customers.models import AccountMerge
from closeknit.rooms.customers.tests.knowing import TODAY, know
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.demand import reads as demand
from closeknit.rooms.demand.tests.overriding import MONDAY, override
from closeknit.rooms.outcomes import reads as outcomes
from closeknit.rooms.outcomes.actions.refresh_board import refresh_board
from closeknit.rooms.privacy import reads as privacy
from closeknit.rooms.privacy.actions.decide_with import NotWanted, deciding
from closeknit.rooms.privacy.contracts import ConsentState, account
from closeknit.rooms.privacy.tests.saying import say

pytestmark = pytest.mark.django_db
KEPT, ABSORBED = FOREIGN, "ACME"


@pytest.fixture
def known(tmp_path, alice, bob):
    """The small company in which much is known of the account that is to be merged away."""
    company = build(tmp_path)
    insight_id, override_id = know(alice), override()
    say("tiering", by=bob, at=clock.now())
    return company, insight_id, override_id


def merge():
    proposal_id = merge_accounts(KEPT, ABSORBED, reason="One firm.", by=enter("alice"), at=clock.now())
    for who in ("carol", "hana"):
        approve_proposal(proposal_id, by=enter(who), at=clock.now())
    deliver_all()
    return AccountMerge.objects.get()


def names(number, by):
    """What every room says of an account: the numbers, as far as they can be counted."""
    at = clock.now()
    board = {row.account_number: row for row in outcomes.list_board(by=by)}
    return {
        "terms": sorted(term.term_number for term in agreements.list_terms(account_number=number, by=by)),
        "claims": sum(claim.need_hours for claim in capacity.account_claims(number, by=by)),
        "insights": [card.insight_id for card in customers.list_insights(account_number=number, by=by, at=at)],
        "overrides": [card.override_id for card in demand.list_overrides(account_number=number, by=by)],
        "units": round(board[number].units_next_4_weeks + board[number].units_last_4_weeks, 6),
        "amount": board[number].amount_last_52_weeks,
        "refuses": [use.purpose for use in privacy.list_uses(account(number), by=by, at=at) if not use.is_allowed],
        "said": len(privacy.list_consents(subject=account(number), by=by)),
    }


def lines_of(number, by):
    return {line.entry_id for line in decisions.list_entries(account_number=number, by=by, limit=1000)}


def test_every_room_counts_a_name_as_the_account_s_own_and_gives_it_back(known, erin):
    company, *_ = known
    one, other = names(ABSORBED, erin), names(KEPT, erin)
    lines = lines_of(ABSORBED, erin) | lines_of(KEPT, erin)
    assert all(one.values())
    assert not other["insights"]
    row = merge()
    refresh_board(company.plan_id, thread_id=company.thread_id, by=erin, at=AT)
    both = names(KEPT, erin)
    assert both["terms"] == sorted({*one["terms"], *other["terms"]})
    assert both["claims"] == pytest.approx(one["claims"] + other["claims"])
    assert both["units"] == pytest.approx(one["units"] + other["units"])
    assert both["amount"] == one["amount"] + other["amount"]
    assert (both["insights"], both["overrides"]) == (one["insights"], one["overrides"])
    assert "tiering" in both["refuses"]
    assert lines <= lines_of(KEPT, erin)
    assert ABSORBED not in {found.account_number for found in outcomes.list_board(by=erin)}
    split_accounts(row.pk, reason="Two firms.", by=erin, at=clock.now())
    refresh_board(company.plan_id, thread_id=company.thread_id, by=erin, at=AT)
    assert names(ABSORBED, erin) == one
    assert names(KEPT, erin) == other


def test_what_was_promised_to_a_name_is_planned_for_the_account_that_it_is(known, alice):
    merge()
    terms = agreements.terms_in_force("warehouse", AT.date(), by=alice)
    assert ABSORBED not in {term.account_number for term in terms}
    assert {term.term_number for term in terms if term.account_number == KEPT} == {f"T-{KEPT}", f"T-{ABSORBED}"}


def test_what_people_expect_of_a_name_changes_the_account_s_forecast(known, alice):
    _, insight_id, override_id = known
    merge()
    until = TODAY + timedelta(days=60)
    found = demand.list_standing_adjustments("warehouse", MONDAY, until, by=alice, at=clock.now())
    places = {one.adjustment_id: one.place.account_number for one in found}
    assert places[str(override_id)] == places[str(insight_id)] == KEPT
    assert demand.get_override(override_id, by=alice).place.account_number == KEPT


def test_an_opt_out_of_a_name_binds_decisions_about_the_account(known, alice, bob, carol):
    merge()
    with pytest.raises(NotWanted), deciding(account(KEPT), "tiering", decision="tier", by=alice, at=clock.now()):
        pass
    assert privacy.list_refused("tiering", [KEPT], by=alice, at=clock.now()) == {KEPT}
    # Of one mind again: what the merged account says, it says under each of its names.
    say("tiering", ConsentState.GRANTED, by=enter("erin"), at=clock.now(), subject=account(KEPT))
    assert not privacy.list_refused("tiering", [KEPT, ABSORBED], by=alice, at=clock.now())
    with deciding(account(ABSORBED), "tiering", decision="tier", by=alice, at=clock.now()) as use:
        assert use.subject == account(KEPT)


def test_an_escalation_about_a_name_stands_with_the_account(known, alice, carol):
    words = {"path": "privacy-conflict", "cause": "t", "title": "About the old name", "summary": "Look."}
    raise_escalation(**words, thread_id=ids.new_id(), account_number=ABSORBED, by=alice, at=clock.now())
    merge()
    assert "About the old name" in {e.title for e in decisions.list_escalations(account_number=KEPT, by=carol)}


TILES = ("terms", "insights", "privacy", "intimacy", "worth", "demand", "capacity", "decisions")


def test_every_tile_of_the_kept_account_is_there_for_both_its_numbers(known, client):
    merge()
    sign_in(client, "erin")
    page = client.get(reverse("account-detail", kwargs={"account_number": ABSORBED}), follow=True)
    assert f"account={KEPT}" in page.content.decode()
    for tile in TILES:
        shown = client.get(reverse(f"tile-account-{tile}"), {"account": KEPT})
        assert shown.status_code == 200, tile
        if tile == "insights":
            assert "romotion" in shown.content.decode()
        if tile == "terms":
            assert shown.content.decode().count("shipped within") >= 2
