"""How long does the separate verifier take for a whole export? `--entries N` (1,000,000 unless told).

The export is made here without a database, in the form of `closeknit decisions export`, with every text opened, and a
checkpoint for each 250 entries, inside and outside. The verifier runs as an auditor runs it: a process of its own.
"""

import argparse
import base64
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks._report import show

VERIFIER = Path(__file__).resolve().parents[1] / "tools" / "verify_ledger.py"
PER_CHECKPOINT = 250
LIMIT_SECONDS_PER_MILLION = 30.0
BEGAN_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def main() -> None:
    """Write an export, verify it, say how long that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    count = parser.parse_args().entries
    with tempfile.TemporaryDirectory(prefix="closeknit-bench-") as folder:
        export, outside = Path(folder, "ledger.jsonl"), Path(folder, "checkpoints.jsonl")
        write_export(count, export, outside)
        command = [sys.executable, "-I", str(VERIFIER), "export", str(export), "--checkpoint", str(outside)]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        size = export.stat().st_size
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    show(
        "The separate verifier on a whole export, every text opened",
        ("entries", "MB", "seconds", "of processor", "seconds a million", "limit", "most MB in memory"),
        [
            (
                f"{count:,}",
                f"{size / 1e6:,.0f}",
                f"{seconds:.1f}",
                f"{used.ru_utime + used.ru_stime:.1f}",
                f"{seconds / count * 1e6:.1f}",
                LIMIT_SECONDS_PER_MILLION,
                f"{used.ru_maxrss / 1000:,.0f}",
            )
        ],
    )


def write_export(count: int, export: Path, outside: Path) -> None:
    """Write an export of so many entries, and its checkpoints as kept outside."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "closeknit.web.settings")  # for names only: no database is asked
    os.environ.setdefault("CLOSEKNIT_HOME", str(export.parent))
    import django

    django.setup()
    from closeknit.kernel.signatures import load_or_make_key
    from closeknit.rooms.decisions.compute.checkpoints import digest_of, sign_statement
    from closeknit.rooms.decisions.compute.merkle import Tree
    from closeknit.rooms.decisions.contracts import Statement

    key, tree, previous, records, lines = load_or_make_key(export.with_name("key")), Tree(), "", [], []
    middle = export.with_name("entries.jsonl")
    with open(middle, "w", encoding="utf-8") as file:
        for number, (leaf, line) in enumerate(_entries(count)):
            nodes = [node.hex() for *_, node in tree.append(leaf)]
            lines.append(json.dumps(line | {"nodes": nodes}, ensure_ascii=False) + "\n")
            if len(lines) == PER_CHECKPOINT or number == count - 1:
                file.writelines(lines)
                lines.clear()
                sealed_at = BEGAN_AT + timedelta(milliseconds=number + 250)
                said = Statement(1, tree.size, tree.root().hex(), previous, sealed_at, "1")
                checkpoint = sign_statement(said, key)
                previous = digest_of(checkpoint)
                records.append(checkpoint.as_record())
    outside.write_text("".join(json.dumps(record) + "\n" for record in records))
    with open(export, "w", encoding="utf-8") as file:
        head = {"schema": "closeknit.ledger-export/2", "size": count, "public_keys": [key.public.hex()]}
        file.write(json.dumps(head | {"with_texts": True}) + "\n")
        file.writelines(json.dumps({"type": "checkpoint", **record}) + "\n" for record in records)
        with open(middle, encoding="utf-8") as entries:
            while chunk := entries.read(1 << 20):
                file.write(chunk)
        file.write(json.dumps({"type": "end", "size": count}) + "\n")


def _entries(count: int) -> Iterator[tuple[bytes, dict[str, Any]]]:
    from closeknit.kernel import ids
    from closeknit.kernel.canonical import canonical_bytes
    from closeknit.rooms.decisions.compute.envelope import box_form, close_box, envelope_bytes, opening_of
    from closeknit.rooms.decisions.compute.merkle import hash_leaf

    keys = [(ids.new_id(), os.urandom(32)) for _ in range(400)]
    person, person_key = keys[0]
    name = canonical_bytes("Alice Planner")
    name_box = close_box(name, person, person_key, os.urandom(12))
    name_text, name_form = [name.decode(), opening_of(person_key, name_box.nonce).hex()], box_form(name_box)
    for number in range(count):
        key_id, key = keys[number % len(keys)]
        thread_id, recorded_at = ids.new_id(), BEGAN_AT + timedelta(milliseconds=number)
        text = canonical_bytes(
            {
                "subject": f"order:{number}",
                "sentence": f"A{number % 400} ordered 12 pieces for 99.90 EUR.",
                "account_number": f"A{number % 400}",
                "evidence": {"order": number, "quantity": 12, "price": "99.90", "currency": "EUR"},
            }
        )
        box = close_box(text, key_id, key, os.urandom(12))
        content = envelope_bytes(thread_id, "order.placed", "person:12", recorded_at, box_form(box), name_form)
        leaf = hash_leaf(content)
        row = {
            "thread_id": str(thread_id),
            "kind": "order.placed",
            "actor": "person:12",
            "recorded_at": recorded_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "text_key": str(key_id),
            "name_key": str(person),
        }
        yield (
            leaf,
            {
                "type": "entry",
                "leaf_number": number,
                "entry_id": number + 1,
                "leaf": leaf.hex(),
                "content": base64.b64encode(content).decode(),
                "row": row,
                "texts": {"text": [text.decode(), opening_of(key, box.nonce).hex()], "name": name_text},
            },
        )


if __name__ == "__main__":
    main()
