"""Credits in another currency than the pools' costs: left out of a plan and said, refused in a quote, never mixed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.small_company import AT, draft, load

from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions import propose_plan
from closeknit.rooms.capacity.actions.quote_term import quote_term
from closeknit.rooms.capacity.contracts import TermChange
from closeknit.rooms.capacity.models import Pool
from closeknit.rooms.capacity.reads.what_if import get_plan_to_change
from closeknit.rooms.org.reads import system_actor

pytestmark = pytest.mark.django_db
TERM = TermChange("ACME", 600.0, 0.95)


def planned(folder, currency):
    """Return the small company's plan, its pool paid in a currency; its credits are in euros."""
    load(folder)
    Pool.objects.update(currency=currency)
    return get_plan_to_change(draft().plan_id, by=system_actor())


def test_credits_of_another_currency_weigh_nothing_and_the_plan_says_so(tmp_path, alice, carol):
    plan = planned(tmp_path, "USD")
    assert {term.credit_per_miss for term in plan.inputs.terms} == {Decimal(0)}
    said = reads.get_plan(plan.plan_id, by=alice).assumptions
    assert any(sentence.startswith("Credits in EUR are not weighed") for sentence in said)
    with pytest.raises(Invalid, match="in EUR, the plan's costs in USD"):
        quote_term(replace(TERM, credit_per_miss=Decimal(50)), plan_id=plan.plan_id, by=alice, at=AT)
    assert reads.get_quote(quote_term(TERM, plan_id=plan.plan_id, by=alice, at=AT), by=alice, at=AT).currency == "USD"


def test_credits_of_the_same_currency_count(tmp_path, alice, carol):
    """The red twin: in the pools' own currency the credits stand, and nothing is said of them."""
    plan = planned(tmp_path, "EUR")
    assert {term.credit_per_miss for term in plan.inputs.terms if term.account_number} > {Decimal("101.43")}
    said = reads.get_plan(plan.plan_id, by=alice).assumptions
    assert not any("not weighed" in sentence for sentence in said)
    assert quote_term(replace(TERM, credit_per_miss=Decimal(50)), plan_id=plan.plan_id, by=alice, at=AT)


def test_without_the_guard_the_credits_would_be_mixed(tmp_path, alice, carol, monkeypatch):
    monkeypatch.setattr(propose_plan, "_priced", lambda terms, currency: tuple(terms))
    plan = planned(tmp_path, "USD")
    assert Decimal("101.43") in {term.credit_per_miss for term in plan.inputs.terms}
