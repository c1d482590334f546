"""Envelopes: canonical, opened by their key only, proven by their opening without it."""

import base64
import json
import os
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.errors import Invalid
from closeknit.kernel.keys import NotOpened, unwrap, wrap
from closeknit.rooms.decisions.compute.envelope import (
    Box,
    box_form,
    close_box,
    envelope_parts,
    open_box,
    opening_of,
    read_envelope,
)
from closeknit.rooms.decisions.tests.verifier import verify_ledger

KEY, OTHER = b"k" * 32, b"o" * 32
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def box_of(plaintext: bytes = b"text", key: bytes = KEY) -> Box:
    return close_box(plaintext, uuid4(), key, os.urandom(12))


def as_mapping(box: Box) -> dict:
    return {
        "ciphertext": base64.b64encode(box.ciphertext).decode(),
        "commitment": box.commitment.hex(),
        "key": box.key_id,
        "nonce": base64.b64encode(box.nonce).decode(),
    }


@given(st.binary(), st.binary(), TEXT, TEXT, st.uuids(), st.datetimes(timezones=st.just(UTC)))
def test_the_form_put_together_by_hand_is_the_canonical_one(text, name, kind, actor, thread_id, at):
    one, two = box_of(text), box_of(name)
    before, after = envelope_parts(thread_id, kind, actor, box_form(one), box_form(two))
    content = f"{before}{at.isoformat(timespec='microseconds').replace('+00:00', 'Z')}{after}".encode()
    said = {"thread_id": thread_id, "kind": kind, "actor": actor, "recorded_at": at, "version": 3}
    assert content == canonical_bytes(said | {"text": as_mapping(one), "name": as_mapping(two)})
    envelope = read_envelope(content)
    assert (envelope.text, envelope.name) == (one, two)
    assert UUID(envelope.thread_id) == thread_id


@given(TEXT)
def test_a_box_opens_with_its_key_and_its_opening_proves_it_without(text):
    box = box_of(text.encode())
    opening = opening_of(KEY, box.nonce).hex()
    said = json.loads(box_form(box))
    assert open_box(box, KEY) == text.encode()
    assert verify_ledger.text_is(said, text, opening)
    assert not verify_ledger.text_is(said, text + "!", opening)
    assert not verify_ledger.text_is(said, text, opening_of(OTHER, box.nonce).hex())


def test_no_other_key_and_no_other_box_opens_it():
    box, other = box_of(), box_of()
    bad = [
        (box, OTHER),
        (Box(other.key_id, box.nonce, box.ciphertext, box.commitment), KEY),
        (Box(box.key_id, other.nonce, box.ciphertext, box.commitment), KEY),
        (Box(box.key_id, box.nonce, other.ciphertext, box.commitment), KEY),
        (Box(box.key_id, box.nonce, box.ciphertext, other.commitment), KEY),
        (Box(box.key_id, b"", box.ciphertext, box.commitment), KEY),
    ]
    for changed, key in bad:
        with pytest.raises(NotOpened):
            open_box(changed, key)


def test_equal_texts_look_different_and_a_guess_cannot_be_tested():
    one, two = box_of(b"yes"), box_of(b"yes")
    assert one.ciphertext != two.ciphertext
    assert one.commitment != two.commitment


def test_a_wrapped_key_is_bound_to_its_subject():
    wrapped = wrap(OTHER, KEY, b"1|account|ACME")
    assert unwrap(OTHER, wrapped, b"1|account|ACME") == KEY
    for key, about in ((KEY, b"1|account|ACME"), (OTHER, b"2|account|ACME"), (OTHER, b"1|account|BOLT")):
        with pytest.raises(NotOpened):
            unwrap(key, wrapped, about)


def test_lines_of_version_2_are_read_as_they_were_written():
    said = {"version": 2, "thread_id": uuid4(), "kind": "k", "actor": "system", "actor_name": "Closeknit"}
    said |= {"recorded_at": datetime(2026, 3, 2, tzinfo=UTC), "sentence": "It is so.", "evidence": {"i": 1}}
    envelope = read_envelope(canonical_bytes(said))
    assert envelope.name == "Closeknit"
    assert not isinstance(envelope.text, Box)
    assert envelope.text["sentence"] == "It is so."


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"version": 4}', b'{"version": 3, "text": 1}'])
def test_what_is_no_envelope_is_refused(content):
    with pytest.raises(Invalid):
        read_envelope(content)
