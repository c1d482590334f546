"""Who opted out of tiering is neither valued nor scored, and its page says so."""

import pytest
from django.urls import reverse
from tests.cast import sign_in

from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions import refresh_values as valuing
from closeknit.rooms.customers.actions.refresh_scores import refresh_scores
from closeknit.rooms.customers.actions.refresh_tiers import refresh_tiers
from closeknit.rooms.customers.actions.refresh_values import refresh_values
from closeknit.rooms.customers.models import ScoreRow, TierWeekRow, ValueRow
from closeknit.rooms.customers.reads.values import OPTED_OUT, replay_values
from closeknit.rooms.customers.tests.worth import AT, ON, load_wholesaler
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.privacy.tests.saying import say

pytestmark = pytest.mark.django_db


@pytest.fixture
def wholesaler(tmp_path, alice):
    load_wholesaler(tmp_path)


def test_who_opted_out_before_is_in_no_sum(wholesaler, alice, erin, frank):
    say("tiering", by=erin, at=AT)
    run_id = refresh_values(on=ON, by=alice, at=AT)
    refresh_scores(run_id, by=alice, at=AT)
    refresh_tiers(run_id, by=alice, at=AT)
    for table in (ValueRow, ScoreRow, TierWeekRow):
        assert not table.objects.filter(account_number="ACME").exists()
        assert table.objects.filter(account_number="BOLT").exists()
    assert reads.get_value("ACME", by=erin, at=AT).why_not == OPTED_OUT
    assert replay_values(run_id, by=erin)[0]


def test_who_opts_out_between_value_and_score_is_not_scored_and_shows_nothing(wholesaler, alice, erin, frank, client):
    run_id = refresh_values(on=ON, by=alice, at=AT)
    assert reads.get_value("ACME", by=erin, at=AT).value
    say("tiering", by=erin, at=AT)
    refresh_scores(run_id, by=alice, at=AT)
    assert not ScoreRow.objects.filter(account_number="ACME").exists()
    assert LedgerEntry.objects.filter(kind="scores.refreshed").count() == 1
    assert (reads.get_value("ACME", by=erin, at=AT).value, reads.get_score("ACME", by=erin, at=AT).score) == (
        None,
        None,
    )
    assert "ACME" not in {value.account_number for value in reads.list_values(by=erin, at=AT)}
    sign_in(client, "erin")
    tile = client.get(reverse("tile-account-worth"), {"account": "ACME"}).content.decode()
    assert "opted out" in tile
    assert "It is not scored." in tile


def test_who_opts_out_while_values_are_computed_is_left_out(wholesaler, alice, erin, monkeypatch):
    compute = valuing.value_accounts

    def speak_meanwhile(*args, **more):
        if not said:
            said.append(say("tiering", by=erin, at=AT))
        return compute(*args, **more)

    said: list[int] = []
    monkeypatch.setattr(valuing, "value_accounts", speak_meanwhile)
    run_id = refresh_values(on=ON, by=alice, at=AT)
    assert said
    assert not ValueRow.objects.filter(account_number="ACME").exists()
    assert replay_values(run_id, by=erin)[0]
