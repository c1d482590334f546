"""Receipts, exports and the check by page, API and command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from tests.cast import open_account, sign_in

from closeknit.rooms.decisions import cli, reads
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.decisions.tests.sealing import build, outside, seal, unguarded, write
from closeknit.rooms.decisions.tests.verifier import FILE, verify_ledger
from closeknit.rooms.org.reads import console_actor, system_actor

pytestmark = pytest.mark.django_db(transaction=True)


def run_cli(*arguments: str) -> int:
    """Run `closeknit decisions ...` as the console."""
    import argparse

    from closeknit.web.cli import build_parser

    args = build_parser().parse_args(["decisions", *arguments], argparse.Namespace())
    args.by = console_actor()
    return args.run(args)


def run_verifier(*arguments: str) -> subprocess.CompletedProcess:
    """Run the separate verifier as an auditor would: another process, nothing of ours on its path."""
    command = [sys.executable, "-I", str(FILE), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={}, check=False)


def test_a_receipt_from_the_command_line_verifies_without_us(tmp_path):
    (number,) = write(sentence="Carol approved the plan.")
    assert run_cli("receipt", str(number), "--out", str(tmp_path / "r.json")) == 0
    done = run_verifier("receipt", tmp_path / "r.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "PROVEN" in done.stdout
    assert "Carol approved the plan." in done.stdout
    key = reads.get_public_key(by=system_actor())
    assert run_verifier("receipt", tmp_path / "r.json", "--public-key", key).returncode == 0
    other = run_verifier("receipt", tmp_path / "r.json", "--public-key", "00" * 32)
    assert other.returncode == 1
    assert "REFUTED" in other.stdout
    (tmp_path / "r.json").write_text("{}")
    assert run_verifier("receipt", tmp_path / "r.json").returncode == 2


def test_an_export_verifies_without_us_and_names_the_bad_entry(tmp_path):
    build([2, 3, 4])
    file, kept = tmp_path / "ledger.jsonl", Path(settings.LEDGER_FOLDER) / "checkpoints.jsonl"
    assert run_cli("export", "--out", str(file)) == 0
    done = run_verifier("export", file, "--checkpoint", kept)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 entries, 3 checkpoints, 3 checkpoints from outside" in done.stdout
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:-1]))
    assert run_verifier("export", file).returncode == 2
    lines[1 + 3 + 6] = lines[1 + 3 + 6].replace("Line 1.", "Line 9.")
    assert "Line 9." in lines[1 + 3 + 6]
    file.write_text("\n".join(lines))
    done = run_verifier("export", file, "--checkpoint", kept)
    assert done.returncode == 1
    assert "first bad: entry 6" in done.stdout


def test_consistency_from_the_command_line_verifies_without_us(tmp_path):
    build([2])
    older, proof = tmp_path / "older.json", tmp_path / "proof.json"
    older.write_text(json.dumps(outside()[0]))
    build([3])
    assert run_cli("prove", str(older), "--out", str(proof)) == 0
    done = run_verifier("consistency", older, proof)
    assert done.returncode == 0, done.stdout + done.stderr
    body = json.loads(proof.read_text())
    proof.write_text(json.dumps(body | {"proof": body["proof"][1:]}))
    assert run_verifier("consistency", older, proof).returncode == 1


def test_verify_says_what_holds_and_what_does_not(owner, capsys):
    from django.db import connection, transaction

    build([2, 3])
    assert run_cli("verify") == 0
    assert "The ledger holds: 5 entries, 2 checkpoints" in capsys.readouterr().out
    with transaction.atomic():
        with connection.cursor() as cursor:
            for statement in unguarded("update decisions_ledger_entry set kind = 'never'"):
                cursor.execute(statement)
        assert run_cli("verify") == 1
        assert "entry 0" in capsys.readouterr().out
        assert run_cli("verify", "--json") == 1
        said = json.loads(capsys.readouterr().out)
        transaction.set_rollback(True)
    assert said["schema"] == "closeknit.ledger-check/1"
    assert [f["first"] for f in said["check"]["findings"]] == [0, 1, 2, 3, 4]


def test_small_commands(capsys):
    write(2)
    assert run_cli("seal") == 0
    assert "Sealed 2 lines." in capsys.readouterr().out
    assert run_cli("key") == 0
    assert len(bytes.fromhex(capsys.readouterr().out.strip())) == 32
    assert cli.__doc__


def test_the_api_and_the_page_hand_out_the_same_receipt(client, alice):
    (number,) = write()
    sign_in(client, "alice")
    assert client.get(f"/api/v1/ledger/{number}/receipt").status_code == 409
    seal()
    by_api = client.get(f"/api/v1/ledger/{number}/receipt")
    by_page = client.get(f"/ledger/{number}/receipt/")
    assert by_api.json() == by_page.json()
    assert by_page.headers["Content-Disposition"] == f'attachment; filename="receipt-line-{number}.json"'
    assert verify_ledger.verify_receipt(by_api.json())[0]
    assert client.get(f"/api/v1/ledger/{2**63 - 1}/receipt").status_code == 404
    assert client.get(f"/api/v1/ledger/{2**63}/receipt").status_code == 422
    assert client.get(f"/ledger/{2**63}/receipt/").status_code == 404
    seal_state = client.get("/api/v1/ledger/seal").json()
    assert (seal_state["sealed"], seal_state["last_entry_id"]) == (1, number)


def test_bob_and_dave_get_no_more_than_they_may_see(client, bob, dave):
    open_account("ACME", "strategic", "North")
    write(account_number="ACME")
    write()
    seal()
    his, other = LedgerEntry.objects.order_by("id").values_list("id", flat=True)
    sign_in(client, "bob")
    assert client.get(f"/ledger/{his}/receipt/").status_code == 200
    assert client.get(f"/ledger/{other}/receipt/").status_code == 404
    sign_in(client, "dave")
    assert client.get(f"/ledger/{his}/receipt/").status_code == 403
    assert client.get("/api/v1/ledger/seal").status_code == 403


def test_page_api_and_command_search_alike(client, alice, capsys):
    open_account("ACME", "strategic", "North")
    write(2, kind="plan.drafted", account_number="ACME", sentence="Wanted.")
    write(1, kind="plan.drafted", sentence="About nobody.")
    write(1, kind="other.kind", account_number="ACME", sentence="Of another kind.")
    sign_in(client, "alice")
    choices = {"account": "ACME", "kind": "plan.*", "actor": "closeknit", "since": "2020-01-01", "until": "2100-01-01"}
    page = client.get("/ledger/", choices).context["lines"]
    asked = {"account_number": "ACME", "kind": "plan.*", "actor": "closeknit"}
    api = client.get("/api/v1/ledger", asked | {"since_at": "2020-01-01", "until_at": "2100-01-01T00:00:00Z"}).json()
    assert run_cli("ledger", *(x for k, v in choices.items() for x in (f"--{k}", v)), "--json") == 0
    said = json.loads(capsys.readouterr().out)["entries"]
    assert [line.sentence for line in page] == ["Wanted.", "Wanted."]
    assert [line["entry_id"] for line in api] == [line["entry_id"] for line in said] == [x.entry_id for x in page]
    assert client.get("/api/v1/ledger", {"until_at": "2020-01-01"}).json() == []
    assert client.get("/api/v1/ledger", {"actor": "nobody"}).json() == []
    assert run_cli("ledger", "--actor", "nobody") == 0
    assert "No line of the ledger matches." in capsys.readouterr().out
    assert run_cli("ledger", "--kind", "other.kind", "--evidence") == 0
    assert '{"i": 0}' in capsys.readouterr().out


def test_the_ledger_page_says_how_far_it_is_sealed(client, alice):
    sign_in(client, "alice")
    assert "Sealed through" not in client.get("/ledger/").content.decode()
    (number,) = write()
    assert "1 line to be sealed" in client.get("/ledger/").content.decode()
    seal()
    html = client.get("/ledger/").content.decode()
    assert f"Sealed through line {number}" in html
    assert f'href="/ledger/{number}/receipt/"' in html
