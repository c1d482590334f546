from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest

from closeknit.rooms.agreements.contracts import Measure, Term, TermSource, pick_term

ANYONE = Term(
    term_number="any",
    contract_number="c",
    account_number="",
    tier="",
    operation="desk",
    service="",
    work_class="",
    measure=Measure.RESOLVE_WITHIN,
    threshold_minutes=600,
    target_share=0.8,
    credit_per_miss=Decimal(1),
    currency="EUR",
    starts_on=date(2026, 1, 1),
    ends_on=None,
    source=TermSource.RECORDED,
)
TERMS = {
    "any": ANYONE,
    "service": replace(ANYONE, term_number="service", service="phone"),
    "class": replace(ANYONE, term_number="class", work_class="P1"),
    "both": replace(ANYONE, term_number="both", service="phone", work_class="P1"),
    "tier": replace(ANYONE, term_number="tier", tier="key"),
    "tier service": replace(ANYONE, term_number="tier service", tier="key", service="phone"),
    "account": replace(ANYONE, term_number="account", account_number="ACME"),
}


def picked(names, **work):
    asked = {"account_number": "", "tier": "", "service": "", "work_class": "", **work}
    term = pick_term([TERMS[name] for name in names], **asked)
    return term.term_number if term else None


@pytest.mark.parametrize(
    ("names", "work", "expected"),
    [
        (
            list(TERMS),
            {"account_number": "ACME", "tier": "key", "service": "phone", "work_class": "P1"},
            "account",
        ),
        (list(TERMS), {"account_number": "BOLT", "tier": "key", "service": "phone"}, "tier service"),
        (list(TERMS), {"account_number": "BOLT", "tier": "key", "service": "email"}, "tier"),
        (list(TERMS), {"tier": "volume", "service": "phone", "work_class": "P1"}, "both"),
        (list(TERMS), {"tier": "volume", "service": "phone", "work_class": "P2"}, "service"),
        (list(TERMS), {"tier": "volume", "service": "email", "work_class": "P1"}, "class"),
        (list(TERMS), {}, "any"),
        (["tier", "account", "service", "class"], {}, None),
        ([], {"account_number": "ACME"}, None),
    ],
)
def test_the_closest_and_then_the_most_specific_term_holds(names, work, expected):
    assert picked(names, **work) == expected


def test_the_order_of_terms_does_not_matter():
    work = {"tier": "key", "service": "phone", "work_class": "P1"}
    assert {picked(names, **work) for names in permutations(["any", "both", "tier", "tier service"])} == {
        "tier service"
    }


def test_a_term_for_an_account_never_holds_for_work_of_no_account():
    assert picked(["account"], tier="key") is None


def test_among_equals_the_stricter_holds():
    strict = replace(ANYONE, term_number="strict", threshold_minutes=60)
    chosen = pick_term([ANYONE, strict], account_number="", tier="", service="", work_class="")
    assert chosen is strict
