from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.adopt_terms import adopt_terms
from closeknit.rooms.agreements.contracts import TermSource
from closeknit.rooms.agreements.models import Contract, TermRow
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.tests.small import RECIPE, load

pytestmark = pytest.mark.django_db
TERMS = """recipe: contracts
title: Contracts
time_zone: Europe/Berlin
streams:
  - name: terms
    from: terms.csv
    into: term
    fields: {term_number: term, contract_number: contract, account_number: account, tier: tier, operation:
    {value: desk}, service: service, measure: {value: answer_within}, threshold_minutes: minutes,
    target_share: share, starts_on: start, ends_on: end}
"""
HEADER = "term,contract,account,tier,service,minutes,share,start,end\n"
LINES = [
    "T1,C1,ACME,,phone,0.5,0.9,2026-01-01,2026-06-01\n",
    "T1,C1,ACME,,phone,0.25,0.9,2026-06-01,\n",
    "T2,C2,BOLT,,phone,1,0.8,2026-01-01,\n",
    "T3,,,key,,2,0.8,2026-01-01,\n",
]


def adopt(folder, by, lines=LINES, name="terms.csv"):
    path = folder / name
    path.write_text(HEADER + "".join(lines))
    card = load(path, by, recipe=TERMS)
    return adopt_terms(card.batch_id, thread_id=card.thread_id, by=by)


def test_stated_terms_are_taken_over_once_with_their_source(tmp_path, alice, accounts):
    assert adopt(tmp_path, alice) == 4
    assert adopt(tmp_path, alice) == 0
    found = {(t.term_number, t.starts_on): t.source for t in reads.list_terms(by=alice)}
    assert found[("T1", date(2026, 1, 1))] is TermSource.CONTRACT
    assert found[("T3", date(2026, 1, 1))] is TermSource.TIER_DEFAULT


def test_a_credit_below_nothing_is_quarantined_and_the_other_terms_are_taken_over(tmp_path, alice, accounts):
    header = HEADER.replace(",end\n", ",end,credit\n")
    lines = [LINES[1].replace("\n", ",6.50\n"), LINES[2].replace("\n", ",-2.50\n")]
    (tmp_path / "terms.csv").write_text(header + "".join(lines))
    card = load(
        tmp_path / "terms.csv", alice, recipe=TERMS.replace("ends_on: end}", "ends_on: end, credit_per_miss: credit}")
    )
    assert adopt_terms(card.batch_id, thread_id=card.thread_id, by=alice) == 1
    assert [(t.term_number, t.credit_per_miss) for t in reads.list_terms(by=alice)] == [("T1", Decimal("6.50"))]
    refused = sensing.list_quarantined(by=alice, limit=10)
    assert [(r.code, r.line) for r in refused] == [("out-of-range", 3)]
    assert "at least 0" in refused[0].reason


def test_one_version_is_in_force_on_a_day(tmp_path, alice, accounts):
    adopt(tmp_path, alice)
    for on, minutes in ((date(2026, 5, 31), 0.5), (date(2026, 6, 1), 0.25)):
        assert [t.threshold_minutes for t in reads.terms_in_force("desk", on, by=alice) if t.term_number == "T1"] == [
            minutes
        ]
    assert reads.terms_in_force("desk", date(2025, 12, 31), by=alice) == ()


def test_a_later_version_ends_the_one_before(tmp_path, alice, accounts):
    adopt(tmp_path, alice, ["T9,,,key,,1,0.8,2026-01-01,\n"])
    assert adopt(tmp_path, alice, ["T9,,,key,,2,0.8,2026-03-01,\n"]) == 2
    ends = {t.starts_on: t.ends_on for t in reads.list_terms(by=alice)}
    assert ends == {date(2026, 1, 1): date(2026, 3, 1), date(2026, 3, 1): None}


def test_recorded_promises_become_terms_where_the_recipe_says_so(tmp_path, alice):
    text = "id,at,calls,account,seconds,promised,kind,topic,phone\n"
    rows = [f"{n},2026-02-02T10:00:00,1,A1,90,{minutes},,x,\n" for n, minutes in enumerate((60, 60, 120, 0))]
    (tmp_path / "calls.csv").write_text(text + "".join(rows))
    card = load(tmp_path / "calls.csv", alice)
    adopt_terms(card.batch_id, thread_id=card.thread_id, by=alice)
    found = {t.source: t for t in reads.list_terms(by=alice)}
    assert found[TermSource.RECORDED].threshold_minutes == 60
    assert found[TermSource.RECORDED].target_share == 0.9
    assert found[TermSource.ASSUMED].term_number == "T1"
    silent = RECIPE.replace("promises: {measure: resolve_within, target_share: 0.9}\n", "").replace(
        "recipe: small", "recipe: silent"
    )
    card = load(tmp_path / "calls.csv", alice, recipe=silent.replace("term_number: T1", "term_number: T2"))
    assert adopt_terms(card.batch_id, thread_id=card.thread_id, by=alice) == 1


def test_the_database_refuses_versions_that_overlap():
    contract = Contract.objects.create(contract_number="C")
    values = {
        "contract": contract, "term_number": "T", "operation": "desk", "measure": "answer_within",
        "source": "contract", "threshold_minutes": 1, "target_share": 0.8, "source_feed": "x",
    }  # fmt: skip
    TermRow.objects.create(**values, starts_on=date(2026, 1, 1), ends_on=date(2026, 2, 1))
    with transaction.atomic(), connection.cursor() as cursor:
        TermRow.objects.create(**values, starts_on=date(2026, 2, 1))
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")
    TermRow.objects.create(**values, starts_on=date(2026, 1, 15))
    with pytest.raises(IntegrityError, match="term_versions_never_overlap"), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")


def test_bob_sees_standing_terms_and_those_of_his_accounts_dave_nothing(tmp_path, alice, bob, dave, accounts):
    adopt(tmp_path, alice)
    assert {t.term_number for t in reads.list_terms(by=bob)} == {"T1", "T3"}
    assert {t.term_number for t in reads.terms_in_force("desk", date(2026, 2, 1), by=bob)} == {"T1", "T3"}
    assert {t.term_number for t in reads.list_terms(by=bob, account_number="ACME")} == {"T1"}
    for hidden in ("BOLT", "NOBODY"):
        with pytest.raises(NotFound):
            reads.list_terms(by=bob, account_number=hidden)
    for read in (reads.list_terms, lambda by: reads.terms_in_force("desk", date(2026, 2, 1), by=by)):
        with pytest.raises(Denied):
            read(by=dave)
    with pytest.raises(Denied):
        adopt_terms(1, thread_id=None, by=bob)  # type: ignore[arg-type]


def test_a_feed_that_states_no_term_changes_nothing(tmp_path, alice):
    recipe = """recipe: sales
title: Sales
time_zone: Europe/Berlin
streams:
  - name: accounts
    from: accounts.csv
    into: account
    fields: {account_number: number, name: name}
"""
    path = tmp_path / "accounts.csv"
    path.write_text("number,name\nACME,Acme\n")
    card = load(path, alice, recipe=recipe)
    assert adopt_terms(card.batch_id, thread_id=card.thread_id, by=alice) == 0
    assert not TermRow.objects.exists()
