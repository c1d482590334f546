"""API tokens: shown once, kept as a hash, the person's own rights, ended at once."""

import hashlib
from datetime import UTC, datetime

import pytest

from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.issue_token import issue_token, revoke_token
from closeknit.rooms.org.models import ApiToken

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_token_acts_as_its_person_and_only_its_hash_is_kept(alice):
    issued = issue_token(label="nightly", by=alice)
    assert reads.find_actor_of_token(issued.token) == alice
    row = ApiToken.objects.get()
    assert row.token_sha256 == hashlib.sha256(issued.token.encode()).hexdigest()
    assert issued.token not in str(vars(row))
    assert len(issued.token) >= 43


def test_tokens_are_never_alike(alice):
    assert len({issue_token(label="same", by=alice).token for _ in range(20)}) == 20


@pytest.mark.parametrize("token", ["", "ck_", "ck_guess", "x" * 10_000, "nul \x00"])
def test_a_guess_is_nobody(alice, token):
    issue_token(label="nightly", by=alice)
    assert reads.find_actor_of_token(token) is None


def test_a_kept_hash_is_no_token(alice):
    issue_token(label="nightly", by=alice)
    assert reads.find_actor_of_token(ApiToken.objects.get().token_sha256) is None


def test_a_revoked_token_ends_at_once_and_others_stay(alice):
    gone = issue_token(label="old", by=alice).token
    stays = issue_token(label="new", by=alice).token
    revoke_token(label="old", by=alice, at=AT)
    assert reads.find_actor_of_token(gone) is None
    assert reads.find_actor_of_token(stays) == alice
    assert ApiToken.objects.get(label="old").revoked_at == AT
    with pytest.raises(NotFound):
        revoke_token(label="old", by=alice, at=AT)


def test_nobody_ends_another_persons_token(alice, carol):
    token = issue_token(label="nightly", by=alice).token
    with pytest.raises(NotFound):
        revoke_token(label="nightly", by=carol, at=AT)
    assert reads.find_actor_of_token(token) == alice


def test_only_people_hold_tokens(db):
    for actor in (reads.system_actor(), reads.console_actor()):
        with pytest.raises(Denied, match="not a person"):
            issue_token(label="x", by=actor)
    assert not ApiToken.objects.exists()
