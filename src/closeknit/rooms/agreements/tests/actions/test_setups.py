"""Templates: what was kept becomes a set-up for others, with parameters; custom contracts are seen, old ones due."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.cast import enter, sign_in

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.apply_setup import apply_setup
from closeknit.rooms.agreements.actions.draft_contract import draft_contract
from closeknit.rooms.agreements.actions.review_setup import retire_setup, review_setup
from closeknit.rooms.agreements.actions.save_setup import save_setup
from closeknit.rooms.agreements.actions.set_calendar import set_calendar
from closeknit.rooms.agreements.actions.set_chain import set_chain
from closeknit.rooms.agreements.contracts import (
    Clock,
    ContractState,
    SetupState,
    WantedOnboarding,
    WantedSetup,
)
from closeknit.rooms.agreements.models import ChainRow, SetupTemplate
from closeknit.rooms.agreements.tests.actions.test_set_chain import CHAIN
from closeknit.rooms.agreements.tests.deals import CLAUSE, NOW, TODAY, office, signed, wanted
from closeknit.rooms.agreements.tests.repairs import load_repairs
from closeknit.rooms.agreements.tests.test_work_clocks import move_back
from closeknit.rooms.decisions.models import LedgerEntry

pytestmark = pytest.mark.django_db
REVIEW = TODAY + timedelta(days=180)
ONBOARDING = WantedOnboarding("BOLT", "K-BOLT", TODAY + timedelta(days=7), "They start as Acme did.")


def saved(by, at=NOW, **other):
    version_id = other.pop("version_id", None) or signed(wanted())
    return save_setup(
        replace(WantedSetup(version_id, "Repairs, gold", "For who repairs with us.", REVIEW), **other), by=by, at=at
    )


def test_a_template_has_everything_but_the_account_and_the_money(accounts, alice):
    template_id = saved(alice)
    card = reads.get_setup(template_id, by=alice, at=NOW)
    assert (card.name, card.state, card.used) == ("Repairs, gold", SetupState.IN_USE, 0)
    assert card.clauses == (replace(CLAUSE, credit_per_miss=None, penalty_per_point=None, penalty_cap=None),)
    assert (card.guarantees, card.pause_reasons) == (wanted().guarantees, ("no access", "waiting for customer"))
    assert card.proof == "Not proven yet: nothing came due."
    assert "ACME" not in str(SetupTemplate.objects.values("clauses", "guarantees", "proof").get())


def test_it_is_applied_with_parameters_of_the_account_and_proposed(accounts, alice):
    template_id = saved(alice)
    version_id = apply_setup(template_id, replace(ONBOARDING, time_factor=0.5, hours_factor=2.0), by=alice, at=NOW)
    card = reads.get_contract(version_id, by=alice)
    assert (card.state, card.account_number, card.starts_on) == (
        ContractState.PROPOSED,
        "BOLT",
        ONBOARDING.starts_on,
    )
    assert [(c.term_number, c.within_minutes, c.target_share) for c in card.clauses] == [("K-BOLT-1", 120.0, 0.95)]
    assert [each.amount for each in card.guarantees] == [24.0]
    assert reads.get_setup(template_id, by=alice, at=NOW).used == 1
    thread = reads.get_setup(template_id, by=alice, at=NOW).thread_id
    kinds = LedgerEntry.objects.filter(thread_id=thread).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["setup.saved", "setup.applied"]


def kept(tmp_path, by, ended):
    version_id = signed(wanted(clauses=(replace(CLAUSE, clock=Clock.CALENDAR),)))
    move_back(TODAY + timedelta(days=7 + 30))
    load_repairs(tmp_path, by, f"R1,2025-06-03T10:00:00,ACME,P2,2025-06-03T{ended}")
    return version_id


def test_what_was_kept_says_so(tmp_path, accounts, alice):
    version_id = kept(tmp_path, alice, "13:00:00")
    at = datetime(2025, 6, 10, tzinfo=UTC)
    template_id = saved(alice, at, version_id=version_id, review_on=date(2025, 12, 1))
    assert reads.get_setup(template_id, by=alice, at=at).proof == "Kept 1 of 1 in the 90 days before."


def test_what_was_not_kept_is_no_set_up_for_others(tmp_path, accounts, alice):
    version_id = kept(tmp_path, alice, "16:00:00")
    with pytest.raises(Invalid, match="N-1") as refused:
        saved(alice, datetime(2025, 6, 10, tzinfo=UTC), version_id=version_id, review_on=date(2025, 12, 1))
    assert refused.value.where == "version_id"
    assert not SetupTemplate.objects.exists()


def test_a_draft_proves_nothing_and_a_name_is_taken_once(accounts, alice):
    with pytest.raises(Invalid, match="draft"):
        saved(alice, version_id=draft_contract(wanted(), by=alice, at=NOW))
    version_id = signed(wanted())
    first = saved(alice, version_id=version_id)
    with pytest.raises(Conflict):
        saved(alice, version_id=version_id)
    retire_setup(first, because="Another takes its place.", by=alice, at=NOW)
    saved(alice, version_id=version_id)


def test_a_review_falls_due_and_a_retired_template_is_used_no_more(accounts, alice):
    template_id = saved(alice)
    due = NOW + timedelta(days=180)
    assert reads.list_setups(by=alice, at=NOW, is_due=True) == []
    assert [card.template_id for card in reads.list_setups(by=alice, at=due, is_due=True)] == [template_id]
    review_setup(template_id, finding="Still right.", review_on=due.date() + timedelta(days=90), by=alice, at=due)
    assert reads.list_setups(by=alice, at=due, is_due=True) == []
    retire_setup(template_id, because="Too dear.", by=alice, at=due)
    card = reads.get_setup(template_id, by=alice, at=due)
    assert (card.state, card.retired_because, card.finding) == (SetupState.RETIRED, "Too dear.", "Still right.")
    for step in (
        lambda: apply_setup(template_id, ONBOARDING, by=alice, at=NOW),
        lambda: retire_setup(template_id, because="Again.", by=alice, at=due),
    ):
        with pytest.raises(Conflict):
            step()


def test_contracts_that_follow_no_template_are_seen_and_fall_due(accounts, alice, bob):
    version_id = signed(wanted())
    begun = NOW + timedelta(days=8)
    (custom,) = reads.list_custom_setups(by=bob, at=begun)
    assert (custom.version_id, custom.account_number, custom.is_review_due) == (version_id, "ACME", False)
    assert reads.list_custom_setups(by=bob, at=begun + timedelta(days=180))[0].is_review_due
    saved(alice, version_id=version_id)
    assert reads.list_custom_setups(by=alice, at=begun) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"time_factor": 0.0}, "time_factor"),
        ({"time_factor": float("nan")}, "time_factor"),
        ({"hours_factor": 1000.0}, "hours_factor"),
        ({"starts_on": TODAY - timedelta(days=1)}, "starts_on"),
        ({"starts_on": date.max}, "starts_on"),
        ({"reason": " "}, "reason"),
        ({"contract_number": "a:b"}, "contract_number"),
    ],
)
def test_odd_parameters_are_refused_with_the_field(accounts, alice, change, where):
    template_id = saved(alice)
    with pytest.raises(Invalid) as refused:
        apply_setup(template_id, replace(ONBOARDING, **change), by=alice, at=NOW)
    assert refused.value.where == where
    assert reads.get_setup(template_id, by=alice, at=NOW).used == 0


@pytest.fixture
def departments(accounts, alice):
    """Repairs take 210 minutes from desk to field."""
    set_chain(replace(CHAIN, clock=CLAUSE.clock), by=alice, at=NOW)


def test_departments_that_need_longer_than_it_would_promise_refuse_it(departments, alice):
    template_id = saved(alice)
    with pytest.raises(Invalid, match="take 210 minutes, and the template would promise 120") as refused:
        apply_setup(template_id, replace(ONBOARDING, time_factor=0.5), by=alice, at=NOW)
    assert (refused.value.where, refused.value.todo.split(",")[0]) == ("time_factor", "Take a factor of at least 0.875")
    assert reads.get_setup(template_id, by=alice, at=NOW).used == 0
    assert not LedgerEntry.objects.filter(kind="setup.applied").exists()
    version_id = apply_setup(template_id, replace(ONBOARDING, time_factor=0.875), by=alice, at=NOW)
    assert reads.get_contract(version_id, by=alice).state is ContractState.PROPOSED


def test_red_twin_without_the_chain_it_is_drafted(departments, alice):
    ChainRow.objects.all().delete()
    apply_setup(saved(alice), replace(ONBOARDING, time_factor=0.5), by=alice, at=NOW)
    assert LedgerEntry.objects.filter(kind="setup.applied").count() == 1


def test_chains_of_other_work_do_not_hinder_it(accounts, alice):
    set_chain(replace(CHAIN, operation="sales"), by=alice, at=NOW)
    apply_setup(saved(alice), replace(ONBOARDING, time_factor=0.5), by=alice, at=NOW)
    assert LedgerEntry.objects.filter(kind="setup.applied").count() == 1


def test_minutes_of_short_open_days_are_held_against_steps_as_terms_state_them(departments, alice):
    set_calendar(office(), by=alice, at=NOW)
    template_id = saved(alice, version_id=signed(wanted(calendar="office")))
    apply_setup(template_id, replace(ONBOARDING, time_factor=0.5), by=alice, at=NOW)
    assert LedgerEntry.objects.filter(kind="setup.applied").count() == 1, "120 of 480 open minutes are 360 of 1,440"


def test_who_looks_after_some_accounts_uses_templates_and_makes_none(accounts, alice, bob):
    version_id = signed(wanted())
    template_id = saved(alice, version_id=version_id)
    with pytest.raises(Denied):
        saved(bob, name="Other", version_id=version_id)
    with pytest.raises(NotFound):
        apply_setup(template_id, ONBOARDING, by=bob, at=NOW)
    apply_setup(template_id, replace(ONBOARDING, account_number="ACME", contract_number="K-2"), by=bob, at=NOW)
    for name in ("gina", "dave"):
        with pytest.raises(Denied):
            reads.list_setups(by=enter(name), at=NOW)


def test_the_page_saves_applies_and_retires(accounts, client, alice):
    version_id = signed(wanted())
    sign_in(client, "alice")
    body = {"version_id": version_id, "name": "Gold", "purpose": "For repairs.", "review_on": REVIEW.isoformat()}
    assert client.post("/contracts/templates/save/", {**body, "name": ""}).status_code == 422
    address = client.post("/contracts/templates/save/", body).headers["Location"]
    given = {"account_number": "BOLT", "contract_number": "K-7", "starts_on": ONBOARDING.starts_on, "reason": "So."}
    refused = client.post(f"{address}apply/", {**given, "time_factor": "0", "hours_factor": "1"})
    assert refused.status_code == 422
    assert b"A factor lies between" in refused.content
    applied = client.post(f"{address}apply/", {**given, "time_factor": "1", "hours_factor": "1"})
    assert applied.status_code == 302
    assert b"K-7" in client.get(applied.headers["Location"]).content
    assert client.post(f"{address}retire/", {"because": "Enough."}).status_code == 302
    assert b"Gold" in client.get("/contracts/templates/").content
