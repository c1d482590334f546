"""A quoted term becomes the next version of the account's contract once people have said yes, and is planned with."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.cast import enter, sign_in
from tests.small_company import FOREIGN, build, deliver_all

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.actions.draft_contract import draft_contract
from closeknit.rooms.agreements.actions.propose_contract import propose_contract
from closeknit.rooms.agreements.contracts import Clause, Clock, ContractState, Measure, TermSource, WantedContract
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.propose_quote import propose_quote
from closeknit.rooms.capacity.actions.quote_term import quote_term
from closeknit.rooms.capacity.contracts import TermChange
from closeknit.rooms.capacity.models import QuoteEffect
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.contracts import ProposalState
from closeknit.rooms.decisions.models import LedgerEntry

TERM = TermChange("ACME", 720.0, 0.98)


@pytest.fixture
def company(tmp_path, db):
    return build(tmp_path)


@pytest.fixture
def soon():
    return clock.now().date() + timedelta(days=7)


def quoted(by, term=TERM):
    return quote_term(term, operation="warehouse", by=by, at=clock.now())


def proposed(by, starts_on, term=TERM):
    return propose_quote(quoted(by, term), starts_on=starts_on, reason="They asked.", by=by, at=clock.now())


def approve(proposal_id):
    """An executive's yes, and a service lead's where the money takes four eyes."""
    for who in ("hana", "carol"):
        if decisions.get_proposal(proposal_id, by=enter(who)).state is ProposalState.WAITING:
            approve_proposal(proposal_id, reason="Yes.", by=enter(who), at=clock.now())
    deliver_all()


def own_terms(by, on):
    return [term for term in agreements.list_terms(by=by, account_number="ACME", on=on) if term.account_number]


def test_what_was_quoted_is_signed_and_planned_with(company, alice, hana, soon):
    (before,) = own_terms(alice, soon)
    quote_id = quoted(alice)
    proposal_id = propose_quote(quote_id, starts_on=soon, reason="They asked.", by=alice, at=clock.now())
    assert own_terms(alice, soon) == [before], "nothing is promised before it is signed"
    card = reads.get_quote(quote_id, by=alice, at=clock.now())
    proposal = decisions.get_proposal(proposal_id, by=hana)
    assert (proposal.kind, proposal.account_number) == ("renegotiation", "ACME")
    assert card.price is not None
    assert (proposal.money_at_stake, proposal.currency) == (card.price * 52, "EUR")
    lines = decisions.get_thread(card.thread_id, by=alice)
    assert [line.kind for line in lines] == ["term.quoted", "quote.proposed"]
    planned_before = LedgerEntry.objects.filter(kind="plan.requested").count()

    approve(proposal_id)
    (after,) = own_terms(alice, soon)
    assert (after.term_number, after.contract_number) == (before.term_number, before.contract_number)
    assert (after.threshold_minutes, after.target_share, after.source) == (720.0, 0.98, TermSource.CONTRACT)
    assert after.credit_per_miss == before.credit_per_miss
    assert own_terms(alice, soon - timedelta(days=1)) == [replace(before, ends_on=soon)]
    requested = LedgerEntry.objects.filter(kind="plan.requested").order_by("id")
    assert requested.count() == planned_before + 1
    assert decisions.get_thread(requested.last().thread_id, by=alice)[0].subject == "operation:warehouse"


def test_asked_twice_it_waits_once_and_something_else_has_to_wait(company, alice, soon):
    first = proposed(alice, soon)
    assert proposed(alice, soon) == first
    with pytest.raises(Conflict, match="waits already"):
        proposed(alice, soon, replace(TERM, threshold_minutes=60.0))
    drafts = agreements.list_contracts(by=alice, contract_number="C-ACME")
    assert [card.state for card in drafts] == [ContractState.PROPOSED], "what was refused left no draft"


def test_what_else_is_in_the_contract_stays(company, alice, soon):
    beside = Clause("N-2", "desk", "phone", "", Measure.ANSWER_WITHIN, 0.5, Clock.CALENDAR, 0.8, Decimal(7))
    clause = Clause("T-ACME", "warehouse", "picking", "", Measure.SHIP_WITHIN, 1440.0, Clock.CALENDAR, 0.95)
    wanted = WantedContract("C-ACME", "Acme", soon, (clause, beside), account_number="ACME", currency="EUR")
    version_id = draft_contract(wanted, by=alice, at=clock.now())
    first = propose_contract(version_id, reason="A phone, too.", by=alice, at=clock.now())
    approve(first)
    later = soon + timedelta(days=7)
    second = proposed(alice, later)
    approve(second)
    held = {term.term_number: term for term in own_terms(alice, later)}
    assert set(held) == {"T-ACME", "N-2"}
    assert held["T-ACME"].threshold_minutes == 720.0
    assert (held["N-2"].threshold_minutes, held["N-2"].credit_per_miss) == (0.5, Decimal(7))


def test_what_people_reject_leaves_the_promise_as_it_was(company, alice, hana, soon):
    (before,) = own_terms(alice, soon)
    reject_proposal(proposed(alice, soon), reason="Too dear.", by=hana, at=clock.now())
    deliver_all()
    assert own_terms(alice, soon) == [before]
    (card,) = agreements.list_contracts(by=alice, contract_number="C-ACME")
    assert card.state is ContractState.TURNED_DOWN


def test_an_account_manager_proposes_without_learning_of_others(company, bob, carol, soon):
    quote_id = quoted(bob)
    QuoteEffect.objects.create(
        quote_id=quote_id, account_number=FOREIGN, tier="strategic", short_hours_more=4.0, cost_more=Decimal(90)
    )
    proposal_id = propose_quote(quote_id, starts_on=soon, reason="They asked.", by=bob, at=clock.now())
    mine = decisions.get_proposal(proposal_id, by=bob)
    assert mine.money_at_stake is None, "the price is withheld, so is what it comes to in a year"
    assert FOREIGN not in str(mine)
    assert FOREIGN not in str(decisions.get_proposal_detail(proposal_id, by=bob, at=clock.now()))
    assert FOREIGN in str(decisions.get_proposal_detail(proposal_id, by=carol, at=clock.now()))


def test_who_may_not_and_when_it_is_over(company, alice, soon):
    quote_id = quoted(alice)
    for who in ("frank", "gina"):
        with pytest.raises(Denied):
            propose_quote(quote_id, starts_on=soon, reason="So.", by=enter(who), at=clock.now())
    late = clock.now() + timedelta(days=15)
    with pytest.raises(Conflict, match="over"):
        propose_quote(quote_id, starts_on=late.date(), reason="So.", by=alice, at=late)
    with pytest.raises(Invalid, match="first day has passed"):
        propose_quote(
            quote_id, starts_on=clock.now().date() - timedelta(days=2), reason="So.", by=alice, at=clock.now()
        )
    with pytest.raises(Invalid, match="without a reason"):
        propose_quote(quote_id, starts_on=soon, reason=" ", by=alice, at=clock.now())
    foreign = quoted(alice, replace(TERM, account_number=FOREIGN))
    with pytest.raises(NotFound):
        propose_quote(foreign, starts_on=soon, reason="So.", by=enter("bob"), at=clock.now())
    assert agreements.list_contracts(by=alice) == []


def test_from_the_page_to_the_proposal(company, client, alice, soon):
    quote_id = quoted(alice)
    sign_in(client, "bob")
    assert "Propose to sign it" in client.get(f"/quotes/{quote_id}/").content.decode()
    empty = client.post(f"/quotes/{quote_id}/propose/", {"starts_on": str(soon), "reason": ""})
    assert empty.status_code == 422
    past = client.post(f"/quotes/{quote_id}/propose/", {"starts_on": "2020-01-06", "reason": "So."})
    assert (past.status_code, "first day has passed" in past.content.decode()) == (422, True)
    done = client.post(f"/quotes/{quote_id}/propose/", {"starts_on": str(soon), "reason": "So."}, follow=True)
    assert done.redirect_chain[-1][0].startswith("/proposals/")
    sign_in(client, "frank")
    assert "Propose to sign it" not in client.get(f"/quotes/{quote_id}/").content.decode()
