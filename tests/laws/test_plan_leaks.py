"""A plan tells a reader of some accounts nothing of the others: by no total, price, explanation, export or command."""

import json

import pytest
from django.test import Client
from tests import small_company
from tests.cast import enter

from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.compute import disclosure

ACME = small_company.ACCOUNTS[0]
TOTALS = ("need_hours", "served_hours", "short_hours", "overtime_hours", "coverage_share", "accounts_short")


def company_of(monkeypatch, tmp_path, *sizes: int) -> small_company.SmallCompany:
    """ACME, which Bob looks after, beside others of these sizes, which he doesn't."""
    tiers = ("strategic", "volume", "volume", "standard", "volume")
    others = [
        (f"QZX7-{i}", f"Quetzal {i}", tiers[i - 1], small_company.FOREIGN_TEAM, size)
        for i, size in enumerate(sizes, start=1)
    ]
    monkeypatch.setattr(small_company, "ACCOUNTS", (ACME, *others))
    return small_company.build(tmp_path)


def browser(username: str) -> Client:
    from django.contrib.auth import get_user_model

    enter(username)
    client = Client()
    client.force_login(get_user_model().objects.get(username=username))
    return client


@pytest.mark.parametrize("sizes", [(70,), (70, 40), (300, 20, 20)], ids=["one", "two", "one-is-most-of-it"])
def test_totals_that_tell_of_one_other_account_are_withheld_everywhere(db, monkeypatch, tmp_path, sizes):
    company = company_of(monkeypatch, tmp_path, *sizes)
    bob, client = enter("bob"), browser("bob")
    plan = reads.get_plan(company.plan_id, by=bob)
    assert [getattr(plan, name) for name in TOTALS] == [None] * len(TOTALS)
    assert reads.list_pool_weeks(company.plan_id, by=bob) == []
    assert reads.list_withheld_pools(company.plan_id, by=bob) == ["Pickers"]

    shown = client.get(f"/api/v1/plans/{company.plan_id}").json()
    assert [shown[name] for name in TOTALS] == [None] * len(TOTALS)
    assert client.get(f"/api/v1/plans/{company.plan_id}/weeks").json() == []
    week_on = plan.first_on.isoformat()
    assert client.get(f"/api/v1/plans/{company.plan_id}/cells?pool=pickers&week_on={week_on}").json() == []
    page = client.get(f"/plans/{company.plan_id}/").content.decode()
    assert "Withheld" in page
    export = b"".join(client.get(f"/plans/{company.plan_id}/?format=csv").streaming_content).decode()
    assert export.strip().count("\n") == 0, "a header and no line"
    whole = reads.get_plan(company.plan_id, by=enter("alice"))
    assert whole.need_hours
    for place in ("/", "/plans/", f"/plans/{company.plan_id}/"):
        assert f"{whole.need_hours:,.0f} h" not in client.get(place).content.decode()


def test_totals_over_enough_others_are_shown_without_whose_promise_sets_them(db, monkeypatch, tmp_path):
    company = company_of(monkeypatch, tmp_path, 70, 60, 50, 40, 30)
    bob, alice = enter("bob"), enter("alice")
    plan = reads.get_plan(company.plan_id, by=bob)
    assert plan.need_hours == reads.get_plan(company.plan_id, by=alice).need_hours
    mine, whole = (reads.list_pool_weeks(company.plan_id, by=who) for who in (bob, alice))
    assert [w.need_hours for w in mine] == [w.need_hours for w in whole]
    assert any(w.binding_term for w in whole)
    assert [w.binding_term for w in mine] == [""] * len(mine)
    assert not any("The need is set by" in w.sentence or "would save" in w.sentence for w in mine)
    assert {w.price_per_hour for w in mine} == {None}
    # In one period, one account may be all there is.
    assert reads.list_cells(company.plan_id, "pickers", plan.first_on, by=bob) == []
    assert reads.list_cells(company.plan_id, "pickers", plan.first_on, by=alice) != []


def test_lists_of_plans_give_no_totals_to_a_reader_of_some_accounts(db, monkeypatch, tmp_path):
    company_of(monkeypatch, tmp_path, 70, 60, 50, 40, 30)
    assert {plan.need_hours for plan in reads.list_plans(by=enter("bob"))} == {None}
    assert None not in {plan.need_hours for plan in reads.list_plans(by=enter("alice"))}


def test_who_looks_after_everybody_in_the_plan_sees_all_of_it(db, monkeypatch, tmp_path):
    company = company_of(monkeypatch, tmp_path)
    bob = enter("bob")
    assert reads.get_plan(company.plan_id, by=bob).need_hours
    assert reads.list_withheld_pools(company.plan_id, by=bob) == []
    assert reads.list_cells(company.plan_id, "pickers", reads.get_plan(company.plan_id, by=bob).first_on, by=bob)


def test_red_twin_without_the_rule_the_other_account_is_total_less_own(db, monkeypatch, tmp_path):
    company = company_of(monkeypatch, tmp_path, 70)
    monkeypatch.setattr(disclosure, "may_show_total", lambda others: True)
    bob, alice = enter("bob"), enter("alice")
    total = sum(w.need_hours for w in reads.list_pool_weeks(company.plan_id, by=bob))
    own = sum(c.need_hours for c in reads.list_claims(company.plan_id, by=bob))
    theirs = sum(c.need_hours for c in reads.list_claims(company.plan_id, by=alice, account_number="QZX7-1"))
    assert total - own == pytest.approx(theirs)


def test_the_command_says_what_is_withheld(db, monkeypatch, tmp_path, capsys):
    from closeknit.rooms.capacity.cli import _show_plan

    company = company_of(monkeypatch, tmp_path, 70)

    class Arguments:
        plan, by, json = company.plan_id, enter("bob"), True

    assert _show_plan(Arguments()) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["withheld_pools"] == ["Pickers"]
    assert said["plan"]["need_hours"] is None
