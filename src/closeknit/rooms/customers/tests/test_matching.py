"""Which records are one account: identifiers first, then what all fields say; explained to the last bit."""

from decimal import Decimal

import numpy as np
import pytest
from benchmarks.identity import pairwise, resolve_all, sample_records
from hypothesis import given
from hypothesis import strategies as st
from tests.small_company import deliver_all

from closeknit.kernel import clock
from closeknit.kernel.errors import Invalid
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.link_record import judge_match, link_record
from closeknit.rooms.customers.compute.golden import SHIPPED, check_rules, golden_values, strictest_consent
from closeknit.rooms.customers.compute.matching import resolve
from closeknit.rooms.customers.compute.names import comparable, plain
from closeknit.rooms.customers.contracts import (
    MatchRecord,
    MatchRule,
    MatchState,
    groups_of_plain,
    plain_groups,
)
from closeknit.rooms.customers.models import AccountMerge, Record, RecordMatch
from closeknit.rooms.customers.tests.two_systems import load_house


def records(*stated, numbers=()):
    names = ("name", "street", "postcode", "city", "phone", "email", "website", "tax_id", "duns")
    return [
        MatchRecord(at, dict(numbers).get(at, ""), dict(zip(names, row, strict=False))) for at, row in enumerate(stated)
    ]


def found(rows, **options):
    shares = {"link_share": 0.999, "review_share": 0.5} | options
    return resolve(rows, **shares, rng=np.random.default_rng(1))


HARBOUR = ("Harbour Tools GmbH", "Hafenweg 4", "70100", "Oberhafen", "+49 30 1234567", "info@harbour.example")


def test_names_are_compared_without_what_differs_by_habit():
    assert comparable({"name": "Müller & Söhne GmbH"})["core"] == comparable({"name": "MULLER SOHNE AG"})["core"]
    assert comparable({"phone": "+49 (30) 123-4567"})["phone"] == comparable({"phone": "0301234567"})["phone"]
    assert comparable({"email": "a@gmail.com"})["host"] == ""
    assert comparable({"tax_id": "000000000"})["tax_id"] == ""


@given(st.text(max_size=60))
def test_any_text_has_a_plain_form(text):
    assert plain(plain(text)) == plain(text)


def test_the_same_company_is_found_and_another_is_not():
    rows = records(
        HARBOUR, ("Harbor Tools", *HARBOUR[1:]), ("Lindental Papier AG", "Gartenweg 9", "80200", "Lindental")
    )
    got = found(rows)
    assert got.label_of == {0: 0, 1: 0, 2: 2}
    (link,) = got.links
    assert sum(term.bits for term in link.terms) == link.total_bits
    assert {term.field for term in link.terms} >= {"name", "street", "place", "phone", "web"}


def test_an_identifier_decides_also_where_all_else_differs():
    got = found(records((*HARBOUR, "", "DE123456789"), ("Kaiwerk", "Am Kai 1", "1", "X", "", "", "", "DE 123456789")))
    assert got.label_of[1] == 0
    assert got.links[0].rule is MatchRule.TAX_ID


def test_an_identifier_that_many_state_is_nobody_s_own():
    rows = records(
        *((f"Firm {chr(65 + n) * 6}", f"Way {n}", f"{n}000", f"Town{n}", "", "", "", "DE123456789") for n in range(7))
    )
    assert len(set(found(rows).label_of.values())) == 7


def test_two_accounts_are_never_made_one_and_wait_for_a_person():
    got = found(records(HARBOUR, HARBOUR, numbers={0: "A1", 1: "A2"}))
    assert got.label_of == {0: 0, 1: 1}
    assert [(p.first_id, p.second_id) for p in got.to_review] == [(0, 1)]


def test_what_somebody_said_is_two_stays_two_and_is_not_asked_again():
    got = found(records(HARBOUR, HARBOUR), apart=[(0, 1)])
    assert got.label_of == {0: 0, 1: 1}
    assert got.to_review == ()


def test_the_sample_company_s_own_truth():
    rows, truth = sample_records(2_000, numbered=True)
    got = resolve_all(rows)
    precision, recall = pairwise(got.label_of, truth)
    assert got.model_version.startswith("fitted/")
    assert got.converged
    assert precision >= 0.999
    assert recall >= 0.98
    again = resolve_all(rows)
    assert again.label_of == got.label_of
    for pair in (*got.links, *got.to_review):
        assert sum((term.bits for term in pair.terms), Decimal(0)) == pair.total_bits


def test_one_no_outweighs_every_yes():
    assert strictest_consent(["yes", "", "No "]) == "no"
    assert strictest_consent(["yes", "yes"]) == "yes"
    assert strictest_consent(["perhaps", "yes"]) == "no"
    assert strictest_consent([]) == ""


def test_rules_are_read_back_and_refused_where_they_leave_a_field_out():
    data = plain_groups(SHIPPED.groups)
    assert groups_of_plain(data) == SHIPPED.groups
    check_rules(SHIPPED.groups)
    assert golden_values([], SHIPPED)["name"] == ""
    for spoiled, said in (
        (data[1:], "no group"),
        ([*data, data[0]], "two groups"),
        ([{**data[0], "by": ["loudest"]}, *data[1:]], "loudest"),
        ([{**data[0], "fields": ["shoe"]}, *data[1:]], "name|shoe"),
        ([{**data[0], "systems": ["crm"]}, *data[1:]], "all others"),
    ):
        with pytest.raises(Invalid, match=said):
            check_rules(groups_of_plain(spoiled))


@pytest.mark.django_db
def test_people_judge_what_matching_leaves_to_them(tmp_path, alice):
    load_house(tmp_path)
    (waiting,) = (card for card in reads.list_matches(by=alice) if card.needs_merge)
    assert {waiting.first.account_number, waiting.second.account_number} == {"A1", "A2"}
    assert sum(term.bits for term in waiting.terms) == waiting.total_bits
    proposal_id = judge_match(waiting.match_id, are_one=True, reason="One door.", by=alice, at=clock.now())
    assert proposal_id is not None
    deliver_all()
    assert AccountMerge.objects.get().absorbed_number == "A2"
    assert reads.get_match(waiting.match_id, by=alice).state is MatchState.JOINED


@pytest.mark.django_db
def test_a_record_wrongly_matched_leaves_and_is_not_matched_again(tmp_path, alice):
    load_house(tmp_path)
    match = RecordMatch.objects.filter(state="joined").first()
    judge_match(match.pk, are_one=False, reason="Two firms.", by=alice, at=clock.now())
    lone = Record.objects.get(record_key="C7" if "C7" in (match.first.record_key, match.second.record_key) else "C8")
    assert lone.account_number == ""
    load_house(tmp_path)
    lone.refresh_from_db()
    link_record(lone.pk, "A3", reason="By telephone.", by=alice, at=clock.now())
    lone.refresh_from_db()
    assert lone.account_number == "A3"
