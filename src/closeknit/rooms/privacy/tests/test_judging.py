"""Who may be used for what: every pair of what can be said, against a second reading; receipts; terms of the law."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest

from closeknit.kernel.errors import Invalid
from closeknit.rooms.privacy.compute import (
    due_date,
    fallback_tier,
    judge_deletion,
    judge_use,
    latest_extension,
    receipt_of,
)
from closeknit.rooms.privacy.compute.keeping import add_months
from closeknit.rooms.privacy.contracts import (
    Basis,
    Collection,
    ConsentCard,
    ConsentState,
    DataClass,
    DataRequest,
    Hold,
    LegalBasis,
    Purpose,
    RequestKind,
    RequestState,
    RetentionRule,
    Subject,
    account,
)
from closeknit.rooms.privacy.contracts.keeping import SHIPPED_RULES

KNOWN = Path(__file__).resolve().parents[6] / "shared" / "known_answers" / "customer.json"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ACME = account("ACME")
YES, NO, GONE = ConsentState.GRANTED, ConsentState.DENIED, ConsentState.WITHDRAWN


def purpose(basis: Basis, **changes) -> Purpose:
    given = {"is_personalised": True, "bases": {"DE": LegalBasis(basis, "Law")}, "consent_days": 365, **changes}
    return Purpose("tiering", 2, "Tiers", "Say how close we are.", ("tier",), **given)


def card(
    state: ConsentState, number: int = 1, *, channel: str = "", version: int = 2, days_ago: int = 10
) -> ConsentCard:
    said_at = NOW - timedelta(days=days_ago)
    return ConsentCard(
        number,
        UUID(int=number),
        UUID(int=7),
        ACME,
        "tiering",
        version,
        channel,
        state,
        "DE",
        Basis.CONSENT,
        "Law",
        said_at,
        said_at + timedelta(days=365) if state is YES else None,
        Collection.FORM,
        "",
        "en",
        "May we?",
        "",
        "Us",
        False,
        "Bob",
        "",
    )


def use(said, basis=Basis.CONSENT, *, channel="", where="DE", **changes):
    return judge_use(ACME, purpose(basis, **changes), said, channel=channel, jurisdiction=where, at=NOW)


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("state", [None, *ConsentState])
@pytest.mark.parametrize("is_personalised", [True, False])
def test_what_is_said_counts_on_every_basis(basis, state, is_personalised):
    found = use([card(state)] if state else [], basis, is_personalised=is_personalised)
    if state in (NO, GONE):
        expected = not is_personalised and basis in (Basis.CONTRACT, Basis.LEGAL_DUTY)
    else:
        expected = state is YES or basis is not Basis.CONSENT
    assert found.is_allowed is expected, found.why


def strictest(words, channel):
    """Say it again, in another way: walk on in time, and keep what each channel has."""
    general, own = None, {}
    for state, where in words:
        if where == "":
            general = state
            if state is not YES:
                own = {channel: said for channel, said in own.items() if said is not YES}
        else:
            own[where] = state
    return own.get(channel, general) if channel else general


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_channels_against_an_oracle(length):
    for words in product(product([YES, GONE], ["", "mail", "phone"]), repeat=length):
        said = [card(state, number, channel=where) for number, (state, where) in enumerate(words, start=1)]
        for channel in ("", "mail", "phone"):
            expected = strictest(words, channel) is YES
            assert use(said, channel=channel).is_allowed is expected, (words, channel)


def test_what_expired_was_to_another_version_was_given_up_or_has_no_law_there():
    assert "expired" in use([card(YES, days_ago=366)]).why
    assert use([card(YES, version=1)]).is_allowed
    assert "needs a new one" in use([card(YES, version=1)], renews_consent=True).why
    assert "given up" in use([card(YES)], is_retired=True).why
    assert "no legal basis" in use([card(YES)], where="FR").why
    assert "no legal basis" in use([card(YES)], where="").why


@pytest.mark.parametrize(
    ("where", "law"), [("US-CA", "ca"), ("US-TX", "us"), ("de", "eu"), ("EU", "eu"), ("CH", "any"), ("", "any")]
)
def test_the_closest_law_counts(where, law):
    bases = {"US-CA": "ca", "US": "us", "EU": "eu", "*": "any"}
    shown = {place: LegalBasis(Basis.OPT_OUT, name) for place, name in bases.items()}
    assert f"({law})" in use([], where=where, bases=shown).why


def test_a_receipt_has_every_field_that_kantara_asks_for():
    receipt = receipt_of(card(YES), purpose(Basis.CONSENT))
    required = "version jurisdiction consentTimestamp collectionMethod consentReceiptID language piiPrincipalId"
    assert set(f"{required} piiControllers policyUrl services sensitive".split()) <= receipt.keys()
    assert receipt["version"] == "KI-CR-v1.1.0"
    assert receipt["consentTimestamp"] == int((NOW - timedelta(days=10)).timestamp())
    assert json.loads(json.dumps(receipt)) == receipt


@pytest.mark.parametrize(
    ("tier", "served"), [("strategic", "strategic"), ("key", "key"), ("standard", "standard"), ("volume", "standard")]
)
def test_who_opts_out_is_served_no_worse_than_the_standard_and_than_before(tier, served):
    assert fallback_tier(tier, ("strategic", "key", "standard", "volume"), "standard") == served


def test_known_answers_of_terms():
    if not KNOWN.exists():
        pytest.skip("the known answers are not on this machine")
    (case,) = [case for case in json.loads(KNOWN.read_text())["cases"] if case["id"] == "gov-01-dsar"]
    for received, due in zip(case["input"]["received"], case["expected"], strict=True):
        assert due_date(RequestKind.ACCESS, date.fromisoformat(received), "GB")[0].isoformat() == due


@pytest.mark.parametrize(
    ("where", "kind", "received", "due"),
    [
        ("DE", "access", date(2025, 9, 3), date(2025, 10, 3)),
        ("DE", "access", date(2025, 10, 1), date(2025, 11, 3)),  # the 1st is a Saturday
        ("US-CA", "access", date(2025, 9, 3), date(2025, 10, 18)),
        ("US", "objection", date(2025, 9, 3), date(2025, 9, 24)),
        ("BR", "erasure", date(2025, 9, 3), date(2025, 9, 18)),
        ("", "erasure", date(2025, 9, 3), date(2025, 9, 18)),
    ],
)
def test_terms_by_jurisdiction(where, kind, received, due):
    assert due_date(RequestKind(kind), received, where)[0] == due


def test_extensions_by_law():
    assert latest_extension(date(2025, 1, 31), "DE") == add_months(date(2025, 1, 31), 3) == date(2025, 4, 30)
    assert latest_extension(date(2025, 9, 3), "US") == date(2025, 12, 2)
    with pytest.raises(Invalid):
        latest_extension(date(2025, 9, 3), "BR")


def hold(subject=None, classes=()) -> Hold:
    return Hold(
        UUID(int=1), UUID(int=2), "Case 7", "Court", subject, classes, "Erin", NOW, date(2027, 1, 1), None, "", ""
    )


def request(kind: RequestKind, number=1, subject=ACME) -> DataRequest:
    days = (date(2026, 2, 1), date(2026, 3, 1))
    state = RequestState.OPEN
    return DataRequest(
        UUID(int=number), UUID(int=2), kind, subject, "DE", *days, "Law", None, "", "", state, "", "", None, ""
    )


def judge(**changes):
    given = {"subject": ACME, "jurisdiction": "DE", "newest_on": None, "on": NOW.date(), "rules": SHIPPED_RULES}
    return judge_deletion(
        changes.pop("data_class", DataClass.NOTES), **{**given, "holds": (), "requests": (), **changes}
    )


def test_the_gate_lets_go_what_nothing_keeps():
    assert judge().is_allowed


@pytest.mark.parametrize(
    ("subject", "classes", "asked", "is_held"),
    [
        (None, (), ACME, True),
        (ACME, (), ACME, True),
        (ACME, (DataClass.NOTES,), ACME, True),
        (ACME, (DataClass.NEWS,), ACME, False),
        (account("BOLT"), (), ACME, False),
        (account("BOLT"), (), None, True),  # rows that are not told apart by subject
        (Subject("contact", "ACME"), (), ACME, False),
    ],
)
def test_a_hold_keeps_what_it_covers(subject, classes, asked, is_held):
    assert judge(holds=[hold(subject, classes)], subject=asked).is_allowed is not is_held


def test_an_open_request_protects_what_it_is_about_but_for_the_erasure_it_asks():
    assert not judge(requests=[request(RequestKind.ACCESS)]).is_allowed
    erasure = request(RequestKind.ERASURE, 2)
    assert judge(requests=[erasure], answering=erasure).is_allowed
    assert not judge(requests=[erasure, request(RequestKind.OBJECTION)], answering=erasure).is_allowed
    assert judge(requests=[request(RequestKind.ACCESS, subject=account("BOLT"))]).is_allowed


def test_a_floor_keeps_until_a_day_and_a_missing_rule_is_no_permission():
    kept = judge(data_class=DataClass.ACCOUNTING, newest_on=date(2020, 1, 1))
    assert (kept.is_allowed, kept.keep_until) == (False, date(2020, 1, 1) + timedelta(days=8 * 365))
    assert judge(data_class=DataClass.ACCOUNTING, newest_on=date(2010, 1, 1)).is_allowed
    only = [RetentionRule(DataClass.NOTES, "US", 0, None, "Law")]
    refused = judge(rules=only)
    assert not refused.is_allowed
    assert "No rule" in refused.why
    assert judge(rules=only, jurisdiction="US-CA").is_allowed
