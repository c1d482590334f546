"""What a subject says is kept, with its receipt and its line; the past stays as it was."""

from datetime import timedelta

import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.privacy import reads
from closeknit.rooms.privacy.contracts import ConsentState, account
from closeknit.rooms.privacy.models import Consent
from closeknit.rooms.privacy.tests.saying import ACME, NOW, say


def test_an_opt_out_counts_from_then_on_and_the_past_stays(acme, bob):
    assert reads.may_use(ACME, "tiering", by=bob, at=NOW).is_allowed
    say("tiering", by=bob, at=NOW)
    found = reads.may_use(ACME, "tiering", by=bob, at=NOW)
    assert not found.is_allowed
    assert "withdrawn" in found.why
    assert reads.may_use(ACME, "tiering", by=bob, at=NOW - timedelta(days=1)).is_allowed
    say("tiering", ConsentState.GRANTED, by=bob, at=NOW + timedelta(days=1))
    assert reads.may_use(ACME, "tiering", by=bob, at=NOW + timedelta(days=1)).is_allowed
    assert not reads.may_use(ACME, "tiering", by=bob, at=NOW).is_allowed
    states = [card.state for card in reads.list_consents(subject=ACME, by=bob)]
    assert states == [ConsentState.GRANTED, ConsentState.WITHDRAWN]
    (line,) = [line for line in decisions.list_entries(by=bob, account_number="ACME") if "withdrawn" in line.kind]
    assert line.evidence["law"].startswith("GDPR")


def test_a_consent_needs_its_text_expires_and_has_a_receipt(acme, bob):
    with pytest.raises(Invalid, match="text"):
        say("outreach", ConsentState.GRANTED, by=bob)
    say("outreach", ConsentState.GRANTED, by=bob, channel="mail", text_shown="May we write to you?")
    assert reads.may_use(ACME, "outreach", channel="mail", by=bob, at=NOW).is_allowed
    assert not reads.may_use(ACME, "outreach", channel="phone", by=bob, at=NOW).is_allowed
    assert not reads.may_use(ACME, "outreach", channel="mail", by=bob, at=NOW + timedelta(days=731)).is_allowed
    (card,) = reads.list_consents(subject=ACME, by=bob)
    receipt = reads.get_receipt(card.receipt_id, by=bob)
    assert receipt["piiPrincipalId"] == "account:ACME"
    assert receipt["jurisdiction"] == "DE"


def test_there_is_no_opting_out_of_a_contract(acme, bob):
    with pytest.raises(Conflict, match="contract"):
        say("service", by=bob)
    assert reads.may_use(ACME, "service", by=bob, at=NOW).is_allowed


def test_refusals(acme, bolt, bob, frank, dave, gina):
    with pytest.raises(NotFound):
        say("tiering", by=bob, subject=account("BOLT"))
    with pytest.raises(NotFound):
        say("nothing-like-it", by=bob)
    with pytest.raises(Invalid, match="channel"):
        say("tiering", by=bob, channel="pigeon")
    for who in (frank, dave, gina):
        with pytest.raises(Denied):
            say("tiering", by=who)
    with pytest.raises(NotFound):
        reads.may_use(account("BOLT"), "tiering", by=bob, at=NOW)
    assert not Consent.objects.exists()


def test_many_at_once(accounts, alice, carol):
    say("account-forecast", by=carol, subject=account("CRUMB"))
    asked = ["ACME", "BOLT", "CRUMB", "UNKNOWN"]
    assert reads.list_refused("account-forecast", asked, by=alice, at=NOW) == {"CRUMB"}
    assert reads.list_refused("outreach", asked, by=alice, at=NOW) == set(asked)
    assert reads.count_opted_out(by=alice) == {"account-forecast": 1}
