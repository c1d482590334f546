"""The signing key is replaced, and a break is accepted: old proofs hold, and the check says what was accepted."""

import json
from pathlib import Path

import pytest
from django.conf import settings

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.accept_break import accept_break
from closeknit.rooms.decisions.actions.rotate_key import rotate_key
from closeknit.rooms.decisions.reads.tree import checkpoint_of, key_history, last_checkpoint
from closeknit.rooms.decisions.tests.actions.test_seal_ledger import restore
from closeknit.rooms.decisions.tests.sealing import build, check, outside, seal, verify, write
from closeknit.rooms.decisions.tests.test_proofs_by_every_entrance import run_cli, run_verifier
from closeknit.rooms.decisions.tests.verifier import verify_ledger
from closeknit.rooms.org.reads import system_actor

pytestmark = pytest.mark.django_db(transaction=True)


def folder() -> Path:
    return Path(settings.LEDGER_FOLDER)


def test_old_and_new_checkpoints_hold_from_the_first_key_on(erin):
    build([3])
    first = reads.get_public_key(by=system_actor())
    old = reads.get_receipt(reads.list_entries(by=system_actor())[-1].entry_id, by=system_actor())
    second = rotate_key(by=erin)
    build([2])
    third = rotate_key(by=erin)
    build([2])
    assert key_history() == (first, second, third)
    assert [r["public_key"] for r in outside()] == [first, first, second, second, third]
    assert reads.get_public_key(by=system_actor()) == first
    report = verify()
    assert report.ok, report.findings
    assert check().findings == ()
    pinned = frozenset({bytes.fromhex(first)})
    assert verify_ledger.verify_receipt(old, pinned)[0]
    new = reads.get_receipt(reads.list_entries(by=system_actor())[0].entry_id, by=system_actor())
    assert new["public_key"] == third
    assert verify_ledger.verify_receipt(new, pinned)[0]
    assert not verify_ledger.verify_receipt(new | {"named_by": []}, pinned)[0]
    assert not verify_ledger.verify_receipt(new | {"named_by": new["named_by"][1:]}, pinned)[0]


def test_consistency_is_proven_across_a_rotation(tmp_path, erin):
    build([2])
    older, proof = tmp_path / "older.json", tmp_path / "proof.json"
    older.write_text(json.dumps(outside()[0]))
    rotate_key(by=erin)
    build([3])
    assert run_cli("prove", str(older), "--out", str(proof)) == 0
    key = reads.get_public_key(by=system_actor())
    assert run_verifier("consistency", older, proof, "--public-key", key).returncode == 0
    proof.write_text(json.dumps(json.loads(proof.read_text()) | {"named_by": []}))
    assert run_verifier("consistency", older, proof, "--public-key", key).returncode == 1


def test_a_checkpoint_by_the_replaced_key_is_refused(erin):
    build([2])
    stolen = (folder() / "signing-key").read_bytes()
    rotate_key(by=erin)
    assert (folder() / "signing-key").read_bytes() != stolen
    (folder() / "signing-key").write_bytes(stolen)
    build([2])
    assert any("another key" in f.what or "trusted" in f.what for f in verify().findings)
    assert any("not signed" in f.what for f in check().findings)


@pytest.mark.parametrize("died_after", ["the checkpoint", "the note outside"])
def test_a_crash_in_the_middle_is_made_good_at_the_next_sealing(erin, monkeypatch, died_after):
    from closeknit.rooms.decisions.actions import seal_ledger as sealing

    build([2])
    with monkeypatch.context() as patch:
        if died_after == "the checkpoint":
            write_outside = sealing._write_outside
            patch.setattr(sealing, "_write_outside", lambda files: _die() if _is_named() else write_outside(files))
        else:
            patch.setattr(Path, "replace", _die)
        with pytest.raises(KeyboardInterrupt):
            rotate_key(by=erin)
    write(2)
    seal()
    assert len(key_history()) == 2
    assert not (folder() / "signing-key.next").exists()
    assert verify().ok
    assert check().findings == ()


def _is_named() -> bool:
    return checkpoint_of(last_checkpoint()).statement.next_key != ""


def _die(*_):
    raise KeyboardInterrupt


def test_an_accepted_break_passes_with_a_notice(erin, capsys):
    build([5, 5])
    restore(5)
    write(3)
    seal()
    assert reads.get_seal(by=system_actor()).broken_epochs == (2,)
    assert run_cli("verify") == 1
    accept_break(2, reason="Restored after the disk died.", by=erin)
    seal()
    verdict = check()
    assert verdict.findings == ()
    assert [(f.first, f.last) for f in verdict.accepted] == [(5, 9)]
    capsys.readouterr()
    assert run_cli("verify") == 0
    assert "notice, accepted: 5 to 9" in capsys.readouterr().out
    assert reads.get_seal(by=system_actor()).broken_epochs == ()
    (line,) = reads.list_entries(kind="ledger.break-accepted", by=system_actor())
    assert "Restored after the disk died." in line.sentence
    with pytest.raises(Conflict):
        accept_break(2, reason="Again.", by=erin)


def test_what_is_refused(erin, alice):
    build([1])
    with pytest.raises(NotFound):
        accept_break(1, reason="Nothing broke.", by=erin)
    with pytest.raises(Invalid):
        accept_break(1, reason="", by=erin)
    for act in (lambda: accept_break(1, reason="x", by=alice), lambda: rotate_key(by=alice)):
        with pytest.raises(Denied):
            act()


def test_by_command_line(capsys):
    build([1])
    assert run_cli("rotate-key", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["public_key"] == key_history()[-1]
    assert run_cli("rotate-key") == 0
    assert key_history()[-1] in capsys.readouterr().out
