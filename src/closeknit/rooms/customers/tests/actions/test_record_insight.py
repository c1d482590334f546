"""What is known of an account: who may say it, what says nothing is refused, and personal data never slips in."""

from datetime import timedelta

import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.contracts import InsightDirection, InsightMeasure, InsightState
from closeknit.rooms.customers.models import Insight
from closeknit.rooms.customers.tests.knowing import NOW, TODAY, WANTED, know
from closeknit.rooms.decisions import reads as decisions


def lines(insight_id, by):
    return decisions.get_thread(reads.get_insight(insight_id, by=by, at=NOW).thread_id, by=by)


def test_it_stands_with_its_words_and_a_line(acme, bob):
    insight_id = know(bob)
    card = reads.get_insight(insight_id, by=bob, at=NOW)
    assert (card.state, card.author, card.signed_size, card.text) == (
        InsightState.STANDING,
        "Bob Seller",
        0.3,
        WANTED.text,
    )
    assert card.expires_on == WANTED.to_on
    (line,) = lines(insight_id, bob)
    assert (line.kind, line.account_number, line.evidence["text"]) == ("insight.recorded", "ACME", WANTED.text)
    assert line.sentence.startswith("Bob Seller expects 30 % more work of ACME from ")
    assert EventRow.objects.get(name="InsightRecorded").body["insight_id"] == str(insight_id)


def test_only_who_may_about_that_account(acme, bolt, bob, frank, dave, gina):
    with pytest.raises(NotFound):
        know(bob, account_number="BOLT")
    for person in (frank, dave, gina):
        with pytest.raises(Denied):
            know(person)
    assert not Insight.objects.exists()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"size": 0.0}, "size"),
        ({"size": float("nan")}, "size"),
        ({"size": 11.0}, "size"),
        ({"size": 1.5, "direction": InsightDirection.DOWN}, "size"),
        ({"size": 1e8, "measure": InsightMeasure.UNITS_PER_WEEK}, "size"),
        ({"probability": 0.0}, "probability"),
        ({"probability": 70.0}, "probability"),
        ({"to_on": WANTED.from_on}, "to_on"),
        ({"from_on": TODAY - timedelta(days=9), "to_on": TODAY}, "to_on"),
        ({"to_on": TODAY + timedelta(days=900)}, "to_on"),
        ({"expires_on": TODAY}, "expires_on"),
        ({"expires_on": WANTED.to_on + timedelta(days=1)}, "expires_on"),
        ({"is_sensitive": True}, "sensitive_reason"),
        ({"text": "x" * 2001}, "text"),
        ({"service": "x" * 81}, "service"),
    ],
)
def test_what_says_nothing_is_refused(acme, bob, changes, where):
    with pytest.raises(Invalid) as refused:
        know(bob, **changes)
    assert refused.value.where == where
    assert refused.value.todo
    assert not Insight.objects.exists()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ask jane.doe@acme.example about it.", "e-mail"),
        ("Call +49 30 123 456 78.", "telephone"),
        ("Paid from DE89 3704 0044 0532 0130 00.", "account or card"),
        ("His number is 078-05-1120.", "identity"),
        ("Their buyer is pregnant and away from May.", "health"),
        ("The boss has been in hospital since Monday.", "health"),
        ("After his divorce he buys less.", "private life"),
        ("She joined the trade union.", "union"),
    ],
)
def test_personal_data_needs_a_flag(acme, bob, text, found):
    with pytest.raises(Invalid, match=found) as refused:
        know(bob, text=text)
    assert refused.value.where == "text"


@pytest.mark.parametrize(
    "text",
    [
        "They open two stores in 2027 and order 12 pallets more a week.",
        "Contract 4711 runs out on 2026-12-31; 1,500,000 units at 0.35 EUR.",
        "Plant shutdown in weeks 30 to 32, then back to 100 %.",
        "Unionville store opens; illustrative volumes in the deck.",
    ],
)
def test_figures_and_plain_words_need_none(acme, bob, text):
    assert reads.get_insight(know(bob, text=text), by=bob, at=NOW).text == text


def test_a_sensitive_text_shows_only_to_who_may_read_it_and_never_enters_the_ledger(acme, bob, alice):
    text = "Their buyer is pregnant and away from May."
    insight_id = know(bob, text=text, is_sensitive=True, sensitive_reason="Orders will be placed late.")
    card = reads.get_insight(insight_id, by=alice, at=NOW)
    assert (card.text, card.sensitive_text) == ("", text)
    narrow = alice.within(alice.permissions - {"personal.read"})
    card = reads.get_insight(insight_id, by=narrow, at=NOW)
    assert (card.text, card.sensitive_text, card.is_sensitive) == ("", None, True)
    assert "pregnant" not in str([line.evidence for line in lines(insight_id, alice)])


def test_the_same_twice_is_refused(acme, bob, alice):
    know(bob)
    with pytest.raises(Conflict, match="already"):
        know(bob, probability=0.8)
    know(alice)
    assert Insight.objects.count() == 2
