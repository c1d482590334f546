"""Capacity held ready is quoted before it is signed, and planned as it was quoted once people have said yes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.cast import enter, sign_in
from tests.small_company import AT, FOREIGN, FOREIGN_SMALL, build, deliver_all

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.contracts import ContractState, Guarantee, GuaranteeKind
from closeknit.rooms.agreements.reads.guarantees import held_ready
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.propose_quote import propose_quote
from closeknit.rooms.capacity.actions.quote_guarantee import quote_guarantee
from closeknit.rooms.capacity.actions.replay_quote import recompute_quoted_line
from closeknit.rooms.capacity.compute import make_plan, what_if
from closeknit.rooms.capacity.compute.inputs import GuaranteedHours
from closeknit.rooms.capacity.contracts import GuaranteeAsked, GuaranteeChange, PlanChanges, QuoteVerdict, TermChange
from closeknit.rooms.capacity.models import Quote
from closeknit.rooms.capacity.tests.builders import MONDAY, forecast, inputs, pool, term
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal
from closeknit.rooms.decisions.contracts import ProposalState
from closeknit.web import boot
from closeknit.web.cli import main

WEEKS = 4
SERIES = {("picking", "", "strategic", "ACME"): 20.0, ("picking", "", "volume", ""): 60.0}
UNIT_HOURS = 8 * 5 * 0.9
ASKED = GuaranteeAsked("ACME", units=2.0)


def plan_inputs(*guarantees, heads=6, pools=None):
    given = inputs(pools or [pool(heads=heads, overtime_share=0.0)], [term("ALL", minutes=3 * 1440.0)], weeks=WEEKS)
    return replace(given, terms_by_week=True, guarantees=guarantees), forecast(SERIES, weeks=WEEKS)


def held(account="ACME", hours=40.0, starts=0, ends=None, contract="K-1", tier="strategic"):
    until = None if ends is None else MONDAY + timedelta(days=ends)
    return GuaranteedHours(contract, 1, account, tier, "", hours, MONDAY + timedelta(days=starts), until)


def change(hours=60.0, starts=None, account="ACME"):
    return GuaranteeChange(
        account, "strategic", hours, starts_on=None if starts is None else MONDAY + timedelta(days=starts)
    )


def weighed(given, numbers, proposed):
    found = what_if.what_if(given, numbers, PlanChanges(guarantees=(proposed,)))
    return what_if.quote(found, proposed.account_number), found


def test_a_quoted_guarantee_is_what_the_plan_would_hold_under_a_contract():
    given, numbers = plan_inputs()
    told, found = weighed(given, numbers, change(60.0, starts=14))
    signed = make_plan(replace(given, guarantees=(held(hours=60.0, starts=14),)), numbers)
    assert (found.after.pools[0].need.need == signed.pools[0].need.need).all()
    assert [week.own_hours_more for week in told.pools[:2]] == [0.0, 0.0]
    own = [week.own_hours for week in told.pools]
    assert own[2:] == pytest.approx([60.0, 60.0])
    assert told.own_hours_more == pytest.approx(sum(week.own_hours_more for week in told.pools))
    assert told.verdict is QuoteVerdict.KEPT
    hour = Decimal(given.pools[0].cost_per_hour) / (1 - Decimal("0.2"))
    assert told.price == pytest.approx(Decimal(repr(told.own_hours_more)) * hour, abs=Decimal("0.02"))


def test_it_takes_the_place_of_what_is_held_for_the_same_service_and_of_nothing_else():
    given, numbers = plan_inputs(held(hours=50.0), held("BOLT", 30.0, contract="K-2", tier="key"))
    told, found = weighed(given, numbers, change(60.0))
    assert [week.own_hours for week in told.pools] == pytest.approx([60.0] * WEEKS)
    assert told.own_hours_more == pytest.approx(10.0 * WEEKS)
    (bolt,) = [i for i, c in enumerate(found.after.pools[0].need.claimants) if c.account_number == "BOLT"]
    assert found.after.pools[0].need.claims[bolt].sum() == pytest.approx(30.0 * WEEKS)
    fewer, _ = weighed(given, numbers, change(45.0))
    assert fewer.own_hours_more == pytest.approx(-5.0 * WEEKS)
    later = what_if.change_guarantees(given.guarantees, (change(60.0, starts=14),), given)
    assert [(g.hours_per_week, g.ends_on) for g in later if g.account_number == "ACME"] == [
        (50.0, MONDAY + timedelta(days=14)),
        (60.0, None),
    ]


def test_more_than_the_pool_has_is_not_kept_and_who_would_suffer_is_named():
    given, numbers = plan_inputs(heads=2)
    told, _ = weighed(given, numbers, change(2 * 8 * 5 * 0.8 + 20.0))
    assert told.verdict is QuoteVerdict.NOT_KEPT
    assert told.own_short_hours >= 20.0 * WEEKS - 0.1
    others, _ = weighed(given, numbers, change(2 * 8 * 5 * 0.8 - 1.0))
    assert others.verdict is QuoteVerdict.OTHERS
    assert [(s.account_number, s.tier) for s in others.sufferers] == [("", "volume")]


def test_guarantees_that_cannot_all_be_held_are_counted():
    given, numbers = plan_inputs(held("BOLT", 40.0, contract="K-2", tier="key"), heads=2)
    for hours, others in ((40.0, 1), (15.0, 0)):
        _, found = weighed(given, numbers, change(hours))
        assert what_if.others_in_the_way(given, numbers, found, change(hours), ()) == others


def test_units_become_hours_of_the_fullest_week_of_the_pool_that_does_the_work():
    given, numbers = plan_inputs()
    sized = what_if.sized_guarantee(given, numbers, GuaranteeAsked("ACME", units=3.0), tier="strategic", shares=())
    assert sized.hours_per_week == pytest.approx(3 * 8 * 5 * 0.8)
    assert what_if.held_then(sized) == "96 hours a week held ready, 3 pickers"
    assert what_if.held_now(given, sized) == "nothing held ready"
    for asked, where in (
        (GuaranteeAsked("ACME"), "units, hours_per_week"),
        (GuaranteeAsked("ACME", units=1.0, hours_per_week=1.0), "units, hours_per_week"),
        (GuaranteeAsked("ACME", units=float("nan")), "units"),
        (GuaranteeAsked("ACME", hours_per_week=0.0), "hours_per_week"),
        (GuaranteeAsked("ACME", hours_per_week=10.0, service="phone"), "service"),
    ):
        with pytest.raises(Invalid) as refusal:
            what_if.sized_guarantee(given, numbers, asked, tier="strategic", shares=())
        assert refusal.value.where == where
    with pytest.raises(Invalid, match="does not reach"):
        weighed(given, numbers, change(10.0, starts=7 * WEEKS))


@pytest.fixture
def company(tmp_path, db, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    return build(tmp_path)


def quoted(by, asked=ASKED):
    quote_id = quote_guarantee(asked, operation="warehouse", by=by, at=AT)
    return reads.get_quote(quote_id, by=by, at=AT)


def test_a_quote_says_what_it_takes_and_computes_again(company, alice, frank):
    card = quoted(alice)
    assert (card.term, card.guarantee.hours_per_week) == (None, pytest.approx(2 * UNIT_HOURS))
    assert card.proposed_sentence == "72 hours a week held ready, 2 pickers"
    assert card.now_sentence == "nothing held ready"
    more = quoted(alice, replace(ASKED, units=3.0))
    assert more.own_hours_more > card.own_hours_more >= 0.0
    assert more.price > card.price
    assert more.margin_before is None or more.margin_after < more.margin_before
    (line,) = decisions.get_thread(card.thread_id, by=alice)
    assert (line.kind, line.account_number) == ("term.quoted", "ACME")
    again = recompute_quoted_line(line, by=frank)
    assert again.now_digest == card.result_digest
    assert more.result_digest != card.result_digest, "red twin: other hours, another digest"


def test_bob_sees_no_withheld_number_and_no_other_account(company, bob, alice):
    card = quoted(bob, replace(ASKED, units=3.0))
    assert card.withheld_pools == ("Pickers",)
    assert (card.price, card.cost_more, card.margin_after) == (None, None, None)
    assert FOREIGN not in str(card)
    with pytest.raises(NotFound):
        quoted(bob, replace(ASKED, account_number=FOREIGN))
    for name in ("dave", "frank", "gina"):
        with pytest.raises(Denied):
            quoted(enter(name))
    assert Quote.objects.count() == 1


@pytest.fixture
def soon():
    return clock.now().date() + timedelta(days=7)


def approve(proposal_id):
    for who in ("hana", "carol"):
        if decisions.get_proposal(proposal_id, by=enter(who)).state is ProposalState.WAITING:
            approve_proposal(proposal_id, reason="Yes.", by=enter(who), at=clock.now())
    deliver_all()


def proposed(by, starts_on, asked):
    now = clock.now()
    quote_id = quote_guarantee(asked, operation="warehouse", by=by, at=now)
    return propose_quote(quote_id, starts_on=starts_on, reason="They asked.", by=by, at=now)


def test_what_was_quoted_is_signed_beside_the_accounts_own_terms(company, alice, soon):
    before = [t for t in agreements.list_terms(by=alice, account_number="ACME", on=soon) if t.account_number]
    first = proposed(alice, soon, ASKED)
    assert proposed(alice, soon, ASKED) == first, "asked twice, it waits once"
    with pytest.raises(Conflict):
        proposed(alice, soon, replace(ASKED, units=3.0))
    approve(first)
    (version,) = agreements.list_contracts(by=alice, account_number="ACME", on=soon)
    assert version.contract_number == before[0].contract_number
    said = Guarantee(GuaranteeKind.HOURS_PER_WEEK, "warehouse", "", pytest.approx(2 * UNIT_HOURS))
    assert version.guarantees == (said,)
    after = [t for t in agreements.list_terms(by=alice, account_number="ACME", on=soon) if t.account_number]
    assert [(t.term_number, t.threshold_minutes, t.target_share, t.credit_per_miss) for t in after] == [
        (t.term_number, t.threshold_minutes, t.target_share, t.credit_per_miss) for t in before
    ]
    (found,) = held_ready("warehouse", soon, until=soon + timedelta(days=7), by=alice)
    assert found.hours_per_week == pytest.approx(2 * UNIT_HOURS)
    approve(proposed(alice, soon + timedelta(days=1), replace(ASKED, units=3.0)))
    (version,) = agreements.list_contracts(by=alice, account_number="ACME", on=soon + timedelta(days=1))
    assert [g.amount for g in version.guarantees] == [pytest.approx(3 * UNIT_HOURS)], "in the place of the one before"


def test_a_term_quoted_later_keeps_the_guarantee(company, alice, soon):
    from closeknit.rooms.capacity.actions.quote_term import quote_term

    approve(proposed(alice, soon, ASKED))
    now = clock.now()
    quote_id = quote_term(TermChange("ACME", 720.0, 0.98), operation="warehouse", by=alice, at=now)
    approve(propose_quote(quote_id, starts_on=soon + timedelta(days=1), reason="Asked.", by=alice, at=now))
    (version,) = agreements.list_contracts(by=alice, account_number="ACME", on=soon + timedelta(days=1))
    assert [g.amount for g in version.guarantees] == [pytest.approx(2 * UNIT_HOURS)]
    assert [c.within_minutes for c in version.clauses] == [720.0]


def test_an_account_without_terms_of_its_own_keeps_its_tiers(company, alice, soon):
    approve(proposed(alice, soon, GuaranteeAsked(FOREIGN_SMALL, hours_per_week=5.0)))
    (version,) = agreements.list_contracts(by=alice, account_number=FOREIGN_SMALL, on=soon)
    assert version.state is ContractState.SIGNED
    assert [g.amount for g in version.guarantees] == [5.0]
    assert [(c.within_minutes, c.target_share, c.credit_per_miss) for c in version.clauses] == [
        (1440.0, 0.95, Decimal("3.19"))
    ]


def test_on_pages_api_and_commands(company, client, capsys):
    sign_in(client, "alice")
    form = {"operation": "warehouse", "account": "ACME", "units": "2"}
    refused = client.post("/quotes/make-guarantee/", {**form, "hours": "10"})
    assert refused.status_code == 422
    assert "in one way" in refused.content.decode()
    assert client.post("/quotes/make-guarantee/", {**form, "units": "many"}).status_code == 422
    made = client.post("/quotes/make-guarantee/", form)
    assert made.status_code == 302
    html = client.get(made["location"]).content.decode()
    assert "72 hours a week held ready, 2 pickers" in html
    assert "held for the same service" in html
    assert client.get(made["location"] + "?format=csv").status_code == 200
    assert "held ready" in client.get("/quotes/").content.decode()
    asked = {"operation": "warehouse", "account_number": "ACME", "hours_per_week": 12}
    answer = client.post("/api/v1/quotes/guarantees", asked, content_type="application/json")
    assert (answer.status_code, answer.json()["guarantee"]["hours_per_week"]) == (200, 12.0)
    assert answer.json()["term"] is None
    assert client.get(f"/api/v1/quotes/{answer.json()['quote_id']}").json()["proposed_sentence"].startswith("12 hours")
    assert main(["capacity", "quote-guarantee", "ACME", "--operation", "warehouse", "--units", "1"]) == 0
    assert "36 hours a week held ready, 1 picker" in capsys.readouterr().out
