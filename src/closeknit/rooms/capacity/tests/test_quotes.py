"""Quotes for proposed terms and answers to single requests: kept as made, shown as far as their reader may see."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import Error, transaction
from tests.cast import enter, sign_in
from tests.small_company import AT, FOREIGN, FOREIGN_SMALL, build

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.answer_request import price_request
from closeknit.rooms.capacity.actions.quote_term import quote_term
from closeknit.rooms.capacity.actions.replay_quote import recompute_quoted_line
from closeknit.rooms.capacity.contracts import QuoteVerdict, TermChange, UnitRequest
from closeknit.rooms.capacity.models import Pool, Quote, QuoteEffect
from closeknit.rooms.capacity.reads.plans import shown_pools
from closeknit.rooms.decisions import reads as decisions

MONDAY = date(2026, 3, 2)
TERM = TermChange("ACME", 0.0, 0.95)
DEARER = replace(TERM, credit_per_miss=Decimal(1000))
ASKED = {"operation": "warehouse", "account_number": "ACME", "threshold_minutes": 0, "target_share": 0.95}


@pytest.fixture
def company(tmp_path, db):
    return build(tmp_path)


def quoted(by, term=TERM, **where):
    quote_id = quote_term(term, **(where or {"operation": "warehouse"}), by=by, at=AT)
    return reads.get_quote(quote_id, by=by, at=AT)


def test_a_quote_says_what_it_takes_costs_and_does_to_others(company, alice):
    card = quoted(alice)
    assert (card.plan_id, card.account_number, card.operation) == (company.plan_id, "ACME", "warehouse")
    assert (card.now_sentence, card.proposed_sentence) == (
        "95% shipped within 24 hours",
        "95% shipped within 0 seconds",
    )
    assert card.own_hours_more >= 0
    # The company's one picker is full.
    assert card.verdict is QuoteVerdict.NOT_KEPT
    assert card.reason.startswith("Internal throughput cannot keep it: ACME would be")
    assert {week.pool for week in card.pools} == {"pickers"}
    assert card.price is not None
    assert (card.expires_at - card.made_at).days == 14
    assert not card.is_expired
    assert reads.get_quote(card.quote_id, by=alice, at=AT + timedelta(days=15)).is_expired


def test_its_ledger_line_names_no_amount_and_computes_again(company, alice, frank):
    card = quoted(alice)
    (line,) = decisions.get_thread(card.thread_id, by=alice)
    assert (line.kind, line.account_number) == ("term.quoted", "ACME")
    assert line.evidence["result_digest"] == card.result_digest
    assert FOREIGN not in json.dumps(dict(line.evidence), default=str) + line.sentence
    again = recompute_quoted_line(line, by=frank)
    assert again.now_digest == card.result_digest
    with pytest.raises(Denied):
        recompute_quoted_line(line, by=enter("bob"))


def test_an_account_manager_sees_no_other_account_and_no_withheld_total(company, bob, alice):
    card = quoted(bob)
    assert shown_pools(company.plan_id, by=bob) == frozenset()
    assert card.withheld_pools == ("Pickers",)
    assert (card.price, card.cost_more, card.margin_after, card.overtime_hours_more) == (None, None, None, None)
    assert all(week.free_hours is None and week.pool_hours_more is None for week in card.pools)
    assert sum(week.own_hours for week in card.pools) == pytest.approx(card.own_hours)
    assert card.sufferers == ()
    assert reads.get_quote(card.quote_id, by=alice, at=AT).others == card.others
    assert FOREIGN not in str(card)


def test_quotes_of_other_accounts_are_not_there_for_bob(company, bob, alice):
    card = quoted(alice, replace(TERM, account_number=FOREIGN))
    assert reads.list_quotes(by=bob, at=AT) == []
    with pytest.raises(NotFound):
        reads.get_quote(card.quote_id, by=bob, at=AT)
    with pytest.raises(NotFound):
        quoted(bob, replace(TERM, account_number=FOREIGN))
    assert len(reads.list_quotes(by=alice, at=AT)) == 1


@pytest.mark.parametrize("name", ["dave", "frank", "gina"])
def test_who_may_not_propose_has_nothing_quoted(company, name):
    with pytest.raises(Denied):
        quote_term(TERM, operation="warehouse", by=enter(name), at=AT)
    assert Quote.objects.count() == 0


def test_an_account_of_a_tier_planned_together_is_quoted_by_its_share(company, alice):
    card = quoted(alice, replace(TERM, account_number=FOREIGN_SMALL))
    (share,) = card.share_of_tier
    assert (share.tier, share.service, share.share) == ("volume", "picking", 1.0)
    assert card.own_hours > 0


def test_a_term_quoted_from_a_day_on_counts_from_then_and_is_priced_for_its_weeks(company, alice, frank, client):
    second = MONDAY + timedelta(days=7)
    dated, at_once = quoted(alice, replace(TERM, starts_on=second)), quoted(alice)
    assert (dated.weeks, dated.weeks_held, at_once.weeks_held) == (2, 1, 2)
    assert [week.own_hours_more for week in dated.pools if week.week_on == MONDAY] == [0.0]
    assert {week.cost_more for week in dated.pools if week.week_on == MONDAY} == {Decimal("0.00")}
    costs = max(dated.cost_more, dated.serving_cost_more)
    assert dated.price == costs, "over its one week, not over the plan's two"
    assert at_once.price == (max(at_once.cost_more, at_once.serving_cost_more) / 2).quantize(Decimal("0.01"))
    (line,) = decisions.get_thread(dated.thread_id, by=alice)
    assert recompute_quoted_line(line, by=frank).now_digest == dated.result_digest
    sign_in(client, "alice")
    page = client.get(f"/quotes/{dated.quote_id}/").content.decode()
    assert "over 1 week from" in page
    form = {"operation": "warehouse", "account": "ACME", "within": "12h", "target": "95%", "starts_on": "2030-01-07"}
    assert "does not reach 2030-01-07" in client.post("/quotes/make/", form).content.decode()
    answer = client.post("/api/v1/quotes", {**ASKED, "starts_on": str(second)}, content_type="application/json")
    assert (answer.status_code, answer.json()["term"]["starts_on"]) == (200, str(second))


def test_what_cannot_be_quoted_is_refused(company, alice):
    for term, where in (
        (replace(TERM, service="phone"), "service"),
        (replace(TERM, target_share=1.0), "target_share"),
        (replace(TERM, threshold_minutes=float("nan")), "threshold_minutes"),
    ):
        with pytest.raises(Invalid) as refusal:
            quote_term(term, operation="warehouse", by=alice, at=AT)
        assert refusal.value.where == where
    with pytest.raises(NotFound, match="no plan of nowhere"):
        quote_term(TERM, operation="nowhere", by=alice, at=AT)
    with pytest.raises(NotFound):
        quote_term(TERM, plan_id=uuid4(), by=alice, at=AT)
    with pytest.raises(NotFound):
        quote_term(replace(TERM, account_number="NOBODY"), operation="warehouse", by=alice, at=AT)
    assert Quote.objects.count() == 0


def test_the_database_keeps_a_quote_as_it_was_made(company, alice):
    card = quoted(alice)
    for change in ({"verdict": "kept"}, {"told": {}}, {"expires_at": AT + timedelta(days=900)}):
        with pytest.raises(Error, match="never changes"), transaction.atomic():
            Quote.objects.filter(pk=card.quote_id).update(**change)


def test_equal_questions_have_equal_digests(company, alice, bob):
    one, two = quoted(alice), quoted(bob)
    assert (one.inputs_digest, one.result_digest) == (two.inputs_digest, two.result_digest)
    assert one.quote_id != two.quote_id


def test_a_request_is_promised_or_priced(company, alice, bob):
    request = UnitRequest("ACME", "picking", 500.0, MONDAY)
    answer = price_request(request, operation="warehouse", by=alice)
    assert answer.verdict in (QuoteVerdict.OTHERS, QuoteVerdict.NOT_KEPT)
    assert answer.asked.price is not None
    # Fifty hours of picking at the least, at 23.17 with a tenth of absence.
    assert answer.asked.price >= Decimal("1287")
    told = price_request(request, operation="warehouse", by=bob)
    assert (told.verdict, told.asked.price, told.asked.hours_more) == (answer.verdict, None, None)
    for person in ("dave", "gina"):
        with pytest.raises(Denied):
            price_request(request, operation="warehouse", by=enter(person))
    with pytest.raises(Invalid, match="no week of"):
        price_request(replace(request, week_on=MONDAY + timedelta(days=70)), operation="warehouse", by=alice)
    assert decisions.list_entries(by=alice, kind="term.quoted") == []


def test_on_pages_and_api(company, client):
    sign_in(client, "alice")
    form = {"operation": "warehouse", "account": "ACME", "within": "0m", "target": "95%"}
    refused = client.post("/quotes/make/", {**form, "target": "100%"})
    assert refused.status_code == 422
    assert "cannot be right here" in refused.content.decode()
    assert client.post("/quotes/make/", {**form, "within": "soon"}).status_code == 422
    made = client.post("/quotes/make/", form)
    assert made.status_code == 302
    html = client.get(made["location"]).content.decode()
    assert "Quote for ACME" in html
    assert "Internal throughput cannot keep it" in html
    assert client.get(made["location"] + "?format=csv").status_code == 200
    assert "ACME" in client.get("/quotes/").content.decode()
    asked = {**form, "service": "picking", "units": "10", "week": "2026-03-02"}
    assert "in the week of 2026-03-02" in client.get("/quotes/request/", asked).content.decode()
    assert client.get("/quotes/request/", {**asked, "week": "2026-03-03"}).status_code == 422
    answered = client.post("/api/v1/quotes", json.dumps(ASKED), content_type="application/json")
    assert answered.status_code == 200, answered.content
    quote_id = answered.json()["quote_id"]
    assert client.get(f"/api/v1/quotes/{quote_id}").json()["account_number"] == "ACME"
    assert len(client.get("/api/v1/quotes").json()) == 2
    sign_in(client, "bob")
    html = client.get(f"/quotes/{quote_id}/").content.decode()
    assert "Withheld" in html
    assert FOREIGN not in html
    assert client.get(f"/quotes/{quote_id}/?format=csv").status_code == 200


def test_effects_on_others_are_hidden_by_the_database_too(company, alice, bob):
    from closeknit.kernel.scope import acting_as

    # A dearer miss of theirs takes hours from Acme, and a dearer one of Acme's takes them back.
    theirs = quoted(alice, replace(DEARER, account_number=FOREIGN))
    assert [s.account_number for s in theirs.sufferers][:1] == ["ACME"]
    assert theirs.others == len(theirs.sufferers)
    with acting_as(alice):
        assert QuoteEffect.objects.filter(account_number="ACME").exists()
        assert Quote.objects.count() == 1
    with acting_as(bob):
        assert set(QuoteEffect.objects.values_list("account_number", flat=True)) == {"ACME"}
        assert Quote.objects.count() == 0


def test_one_quote_costs_few_queries(company, alice, client, django_assert_max_num_queries):
    card = quoted(alice)
    assert Pool.objects.count() == 1
    sign_in(client, "alice")
    client.get(f"/quotes/{card.quote_id}/")
    with django_assert_max_num_queries(12):
        client.get(f"/quotes/{card.quote_id}/")
