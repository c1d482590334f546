"""API tokens: shown once, kept as a hash, a part of the person's present rights, for some days, ended at once."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel.actor import Actor, Grant, Hat, Lent, Scope
from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.issue_token import issue_token
from closeknit.rooms.org.actions.note_token_used import note_token_used
from closeknit.rooms.org.actions.revoke_token import revoke_token
from closeknit.rooms.org.contracts import NEVER_BY_TOKEN, READING, Permission
from closeknit.rooms.org.models import ApiToken, Person

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_token_acts_as_its_person_within_its_scopes_and_only_its_hash_is_kept(alice):
    issued = issue_token(label="nightly", scopes=alice.permissions - NEVER_BY_TOKEN, by=alice)
    actor = reads.find_actor_of_token(issued.token)
    assert (actor.key, actor.name, actor.roles) == (alice.key, alice.name, alice.roles)
    assert actor.permissions == alice.permissions - NEVER_BY_TOKEN
    assert actor.scope_of("accounts.read") == alice.scope_of("accounts.read")
    row = ApiToken.objects.get()
    assert row.token_sha256 == hashlib.sha256(issued.token.encode()).hexdigest()
    assert issued.token not in str(vars(row))
    assert len(issued.token) >= 43


def test_without_scopes_a_token_reads(alice):
    actor = reads.find_actor_of_token(issue_token(label="reader", by=alice).token)
    assert actor.permissions == alice.permissions & READING
    with pytest.raises(Denied):
        actor.require(Permission.RUN_PLAN)


@pytest.mark.parametrize(
    ("scopes", "refusal", "where"),
    [
        (["proposals.decide"], Denied, "permission proposals.decide"),
        (["accounts.read", "everything"], Invalid, "scopes"),
        ([], Invalid, "scopes"),
        (["rights.lend"], Invalid, "scopes"),
        (["people.manage"], Invalid, "scopes"),
    ],
)
def test_a_token_gets_named_rights_that_its_person_holds_and_never_those_to_give_rights_away(
    alice, scopes, refusal, where
):
    with pytest.raises(refusal) as refused:
        issue_token(label="x", scopes=scopes, by=alice)
    assert refused.value.where == where
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("days", [0, -1, 366])
def test_no_token_lives_longer_than_a_year_or_not_at_all(alice, days):
    with pytest.raises(Invalid):
        issue_token(label="x", days=days, by=alice)


@pytest.mark.parametrize("label", ["", " ", "x" * 121, "a\nb", "nul\x00"])
def test_a_label_is_plain_text(alice, label):
    with pytest.raises(Invalid):
        issue_token(label=label, by=alice)


def test_a_token_ends_by_the_databases_clock(alice):
    issued = issue_token(label="short", days=1, by=alice)
    assert reads.find_actor_of_token(issued.token)
    assert reads.find_actor_of_token(issued.token, at=issued.expires_at) is None
    ApiToken.objects.update(created_at=F("created_at") - timedelta(days=2), expires_at=F("expires_at") - timedelta(1))
    assert reads.find_actor_of_token(issued.token) is None


def test_the_database_takes_no_token_without_length(alice):
    issue_token(label="x", by=alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiToken.objects.update(expires_at=F("created_at"))


def test_rights_that_its_person_loses_are_lost_to_the_token_at_once(alice):
    token = issue_token(label="nightly", scopes=["plan.run", "accounts.read"], by=alice).token
    Person.objects.update(roles=["auditor"])
    assert reads.find_actor_of_token(token).permissions == {"accounts.read"}
    Person.objects.update(roles=[])
    assert reads.find_actor_of_token(token).permissions == frozenset()


def test_tokens_are_never_alike(alice):
    assert len({issue_token(label="same", by=alice).token for _ in range(20)}) == 20


@pytest.mark.parametrize("token", ["", "ck_", "ck_guess", "x" * 10_000, "nul \x00", "half \ud800"])
def test_a_guess_is_nobody(alice, token):
    issue_token(label="nightly", by=alice)
    assert reads.find_actor_of_token(token) is None


def test_a_kept_hash_is_no_token(alice):
    issue_token(label="nightly", by=alice)
    assert reads.find_actor_of_token(ApiToken.objects.get().token_sha256) is None


def test_a_revoked_token_ends_at_once_and_others_stay(alice):
    gone = issue_token(label="old", by=alice).token
    stays = issue_token(label="new", by=alice).token
    assert revoke_token(label="old", by=alice, at=AT) == 1
    assert reads.find_actor_of_token(gone) is None
    assert reads.find_actor_of_token(stays).key == alice.key
    assert ApiToken.objects.get(label="old").revoked_at == AT
    with pytest.raises(NotFound):
        revoke_token(label="old", by=alice, at=AT)


def test_nobody_ends_another_persons_token_but_who_manages_people(alice, carol, erin):
    issued = issue_token(label="nightly", by=alice)
    for wish in ({"label": "nightly"}, {"token_id": issued.token_id}):
        with pytest.raises(NotFound):
            revoke_token(**wish, by=carol, at=AT)
    assert reads.find_actor_of_token(issued.token).key == alice.key
    revoke_token(token_id=issued.token_id, by=erin, at=AT)
    assert reads.find_actor_of_token(issued.token) is None


def test_the_list_shows_ones_own_and_everybodys_to_who_manages_people(alice, carol, erin):
    issue_token(label="of alice", by=alice)
    issue_token(label="of carol", by=carol)
    assert [t.label for t in reads.list_tokens(at=AT, by=alice)] == ["of alice"]
    assert {t.label for t in reads.list_tokens(person_key="*", at=AT, by=erin)} == {"of alice", "of carol"}
    for key in ("*", carol.key):
        with pytest.raises(Denied):
            reads.list_tokens(person_key=key, at=AT, by=alice)


def test_its_use_is_noted_once_a_minute(alice):
    issued = issue_token(label="nightly", by=alice)
    actor = reads.find_actor_of_token(issued.token)
    note_token_used(token=issued.token, by=actor)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    note_token_used(token=issued.token, by=actor)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    note_token_used(token=issued.token, by=actor)
    assert ApiToken.objects.get().last_used_at >= first


def test_only_people_hold_tokens(db):
    for actor in (reads.system_actor(), reads.console_actor()):
        with pytest.raises(Denied, match="not a person"):
            issue_token(label="x", by=actor)
    assert not ApiToken.objects.exists()


def test_issuing_and_revoking_are_news(alice):
    issue_token(label="nightly", by=alice)
    revoke_token(label="nightly", by=alice, at=AT)
    news = [(row.name, row.body["person_key"], row.body["label"]) for row in EventRow.objects.order_by("id")]
    assert news == [("TokenIssued", alice.key, "nightly"), ("TokenRevoked", alice.key, "nightly")]


NAMES = [str(p) for p in Permission]
some = st.frozensets(st.sampled_from(NAMES))
scopes = st.builds(
    Scope, st.booleans(), st.frozensets(st.builds(Grant, account_number=st.sampled_from(["A", "B"])), max_size=2)
)
hats = st.lists(st.builds(Hat, some, scopes), max_size=3).map(tuple)
loans = st.lists(st.builds(Lent, st.just("person:2"), st.just("Lea"), some, scopes, st.just(AT)), max_size=2).map(tuple)


@given(hats, loans, some)
def test_a_token_never_does_more_than_its_person_over_any_account(own, lent, named):
    everything = frozenset().union(*(hat.permissions for hat in own))
    whole = Actor("person:1", "Ann", everything, Scope(), (), lent, own or (Hat(frozenset(), Scope()),))
    part = whole.within(named)
    for name in NAMES:
        assert part.may(name) == (whole.may(name) and name in named)
        assert part.scope_of(name) == (whole.scope_of(name) if name in named else Scope())
