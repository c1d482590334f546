"""Erasure: afterwards nothing in the database and the ledger's folder holds or opens what was said of the subject."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.keys import NotOpened, decrypt, unwrap
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.erase_subject import erase_subject, give_up_keys
from closeknit.rooms.decisions.compute.envelope import Box, read_envelope
from closeknit.rooms.decisions.contracts import Legible
from closeknit.rooms.decisions.models import LedgerEntry, SubjectKey
from closeknit.rooms.decisions.reads import keys as ledger_keys
from closeknit.rooms.decisions.tests.sealing import check, seal, verify, write
from closeknit.rooms.decisions.tests.test_proofs_by_every_entrance import run_cli
from closeknit.rooms.decisions.tests.verifier import verify_ledger
from closeknit.rooms.org.reads import system_actor

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "Mrs. Quittenbaum wants out"


def dump() -> bytes:
    """Every row of every table of the room, as text, and every file of the ledger's folder."""
    with connection.cursor() as cursor:
        cursor.execute("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'select string_agg(t::text, chr(10)) from "{table}" t')
            rows.append(cursor.fetchone()[0] or "")
    files = b"".join(p.read_bytes() for p in Path(settings.LEDGER_FOLDER).rglob("*") if p.is_file())
    return "\n".join(rows).encode() + files


def opened_by_anyone() -> list[bytes]:
    """All that whoever holds database and folder could read: each ciphertext tried with each key there is."""
    text_key = (Path(settings.LEDGER_FOLDER) / "text-key").read_bytes()
    data_keys = []
    for row in SubjectKey.objects.exclude(wrapped=None):
        for person, account in ((row.person_key, None), (None, row.account_number)):
            try:
                name = ledger_keys.key_name(row.pk, account, person)
                data_keys.append(unwrap(text_key, bytes(row.wrapped), name))
            except NotOpened:
                continue
    found = []
    for content in LedgerEntry.objects.values_list("content", flat=True):
        envelope = read_envelope(bytes(content))
        for box in (envelope.text, envelope.name):
            assert isinstance(box, Box)
            for key in data_keys:
                try:
                    found.append(decrypt(key, box.nonce, box.ciphertext, box.key_id.bytes))
                except NotOpened:
                    continue
    return found


def lines(**filters):
    return reads.list_entries(by=system_actor(), **filters)


def test_after_erasing_an_account_nothing_opens_its_lines_and_every_proof_holds(erin):
    numbers = write(3, account_number="ACME", sentence=SECRET)
    write(2, account_number="BOLT", sentence="Bolt stays.")
    seal()
    assert SECRET.encode() not in dump(), "the text was in the clear before"
    assert any(SECRET.encode() in text for text in opened_by_anyone()), "red twin: nothing opened before either"
    before = json.loads(json.dumps(reads.get_receipt(numbers[0], by=system_actor())))

    done = erase_subject(account_number="ACME", reason="Asked by the customer.", by=erin)
    assert (done.lines, done.keys, done.left_in_clear) == (3, 1, 0)
    ledger_keys._opened.clear()
    assert b"ACME" not in dump()
    assert not any(SECRET.encode() in text for text in opened_by_anyone())
    assert any(b"Bolt stays." in text for text in opened_by_anyone())

    gone = [line for line in lines() if line.entry_id in numbers]
    assert {line.legible for line in gone} == {Legible.ERASED}
    assert {line.account_number for line in gone} == {""}
    assert all(SECRET not in line.sentence and line.evidence == {} for line in gone)
    seal()
    assert verify().ok
    assert check().findings == ()
    after = reads.get_receipt(numbers[0], by=system_actor())
    assert after["texts"]["text"] is None
    assert after["content"] == before["content"]
    assert verify_ledger.verify_receipt(after)[0]


def test_the_erasure_is_on_record_without_the_subject(erin):
    write(2, account_number="ACME")
    erase_subject(account_number="ACME", reason="Asked by the customer.", by=erin)
    (line,) = lines(kind="ledger.erased")
    assert line.sentence == "Erin Admin destroyed the key of an account: 2 lines can no longer be read."
    assert line.evidence["reason"] == "Asked by the customer."
    assert "ACME" not in json.dumps([line.sentence, line.subject, dict(line.evidence)])


def test_the_cached_key_of_this_process_does_not_open_what_was_erased(erin):
    (number,) = write(account_number="ACME")
    assert lines(account_number="ACME")[0].legible is Legible.OPEN
    erase_subject(account_number="ACME", reason="Asked.", by=erin)
    assert lines(account_number="ACME") == []
    assert next(line for line in lines() if line.entry_id == number).legible is Legible.ERASED


def test_new_lines_about_the_subject_get_a_new_key(erin):
    write(account_number="ACME")
    erase_subject(account_number="ACME", reason="Asked.", by=erin)
    write(account_number="ACME", sentence="A new beginning.")
    assert [line.sentence for line in lines(account_number="ACME")] == ["A new beginning."]
    seal()
    assert verify().ok
    assert check().findings == ()


def test_a_persons_name_is_erased_and_what_was_done_stays(erin, alice):
    from django.db import transaction

    from closeknit.kernel import ids
    from closeknit.rooms.decisions.actions.record_entry import record_entry
    from closeknit.rooms.decisions.contracts import Entry

    with transaction.atomic():
        record_entry(Entry(ids.new_id(), "plan.run", "plan:1", "{actor} ran a plan.", {}), by=alice)
    seal()
    erase_subject(person_key=alice.key, reason="Left the company.", by=erin)
    assert not any(b"Alice" in text for text in opened_by_anyone())
    (line,) = lines(kind="plan.run")
    assert (line.actor_key, line.actor_name, line.sentence) == (alice.key, "erased", "erased ran a plan.")
    assert lines(actor="Alice") == []
    assert [found.kind for found in lines(actor=alice.key)] == ["plan.run"]
    seal()
    assert verify().ok
    assert check().findings == ()


def test_a_key_destroyed_behind_the_ledgers_back_is_found():
    (first, *_) = write(3, account_number="ACME")
    seal()
    SubjectKey.objects.filter(account_number="ACME").update(wrapped=None)
    report, verdict = verify(), check()
    assert [(f.first, f.entry_id) for f in report.findings] == [(0, first)]
    assert [(f.first, f.entry_id) for f in verdict.findings] == [(0, first)]
    assert "no erasure of its key is recorded" in verdict.findings[0].what


def test_what_is_refused(erin, alice):
    write(account_number="ACME")
    with pytest.raises(Denied):
        erase_subject(account_number="ACME", reason="x", by=alice)
    with pytest.raises(Invalid, match="reason"):
        erase_subject(account_number="ACME", reason=" ", by=erin)
    with pytest.raises(Invalid, match="one account"):
        erase_subject(reason="x", by=erin)
    with pytest.raises(Invalid, match="one account"):
        erase_subject(account_number="ACME", person_key="person:1", reason="x", by=erin)
    with pytest.raises(NotFound):
        erase_subject(account_number="NOBODY", reason="x", by=erin)


def test_a_lost_text_key_stops_writing_until_its_keys_are_given_up(erin):
    write(2)
    seal()
    (Path(settings.LEDGER_FOLDER) / "text-key").unlink()
    ledger_keys._opened.clear()
    ledger_keys._encryption_keys.clear()
    with pytest.raises(Conflict, match="cannot be opened"):
        write()
    assert {line.legible for line in lines()} == {Legible.CLOSED}
    assert give_up_keys(reason="The disk died.", by=erin).keys == 2
    write(sentence="We go on.")
    assert lines()[0].sentence == "We go on."
    seal()
    assert verify().ok
    with pytest.raises(NotFound):
        give_up_keys(reason="Again.", by=erin)


def test_by_command_line(capsys):
    write(account_number="ACME")
    assert run_cli("erase", "--account", "ACME", "--reason", "Asked.") == 0
    assert "1 lines can no longer be read" in capsys.readouterr().out
    write(account_number="ACME")
    assert run_cli("erase", "--account", "ACME", "--reason", "Asked again.", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["erasure"]["lines"]) == ("closeknit.erasure/1", 1)
