"""Commands of the ledger and of threads."""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(decisions: Any) -> None:
    """Add the ledger's commands to `closeknit decisions`."""
    ledger = decisions.add_parser("ledger", help="read the ledger, newest first")
    ledger.add_argument("--account", default="")
    ledger.add_argument("--kind", default="", help="for example plan.approved, or all of plan.*")
    ledger.add_argument("--actor", default="", help="a part of the name, or a key as person:12")
    ledger.add_argument("--since", type=arguments.instant, metavar="TIME", help="for example 2026-03-02T09:00Z")
    ledger.add_argument("--until", type=arguments.instant, metavar="TIME")
    ledger.add_argument("--evidence", action="store_true", help="print each line's evidence too")
    ledger.add_argument("--sort", default="-line", help="line or kind; --sort=-line (as it is): the last first")
    ledger.add_argument("--after", default="", metavar="LINE", help="start behind this line")
    ledger.add_argument("--limit", type=arguments.rows, default=30)
    ledger.set_defaults(run=_list_ledger)
    thread = decisions.add_parser("thread", help="read one thread, oldest first")
    thread.add_argument("thread", type=UUID)
    thread.add_argument("--evidence", action="store_true", help="print each line's evidence too")
    thread.set_defaults(run=_show_thread)
    _add_proof_commands(decisions)


def _add_proof_commands(decisions: Any) -> None:
    receipt = decisions.add_parser("receipt", help="write what proves one ledger line to others")
    receipt.add_argument("entry", type=int, metavar="LINE")
    receipt.add_argument("--out", type=Path, required=True, metavar="FILE")
    receipt.set_defaults(run=_write_receipt)
    export = decisions.add_parser("export", help="write the whole ledger for tools/verify_ledger.py")
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    export.add_argument("--without-texts", action="store_true", help="prove everything, say nothing")
    export.set_defaults(run=_write_export)
    prove = decisions.add_parser("prove", help="prove that an older checkpoint is a prefix of the ledger")
    prove.add_argument("older", type=Path, help="a file with one checkpoint")
    prove.add_argument("--out", type=Path, required=True, metavar="FILE")
    prove.set_defaults(run=_write_consistency)
    verify = decisions.add_parser("verify", help="recompute the ledger and compare it with every checkpoint")
    verify.set_defaults(run=_verify)
    seal = decisions.add_parser("seal", help="seal what waits now; the worker does it by itself")
    seal.set_defaults(run=_seal)
    key = decisions.add_parser("key", help="print the ledger's first public key, the one to pin")
    key.set_defaults(run=_print_key)


def _list_ledger(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    lines = reads.list_entries(
        by=args.by,
        account_number=args.account,
        kind=args.kind,
        actor=args.actor,
        since_at=args.since,
        until_at=args.until,
        sort=args.sort,
        after=args.after,
        limit=args.limit,
    )
    return _print_lines(args, lines)


def _show_thread(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    return _print_lines(args, reads.get_thread(args.thread, by=args.by))


def _print_lines(args: argparse.Namespace, lines: Any) -> int:
    if args.json:
        print_json("closeknit.ledger/1", {"entries": lines})
    else:
        rows = [(line.entry_id, line.recorded_at, line.kind, line.actor_name, line.sentence) for line in lines]
        print_table(("#", "when (UTC)", "kind", "who", "what"), rows, empty="No line of the ledger matches.")
        for line in lines if getattr(args, "evidence", False) else ():
            print(f"{line.entry_id}: {json.dumps(line.evidence, ensure_ascii=False, sort_keys=True)}")
    return 0


def _write_receipt(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.actions.seal_ledger import seal_all

    seal_all(by=args.by)
    receipt = reads.get_receipt(args.entry, by=args.by)
    return _say_written(args, [receipt], f"The receipt of line {args.entry}")


def _write_export(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.actions.seal_ledger import seal_all

    seal_all(by=args.by)
    return _say_written(args, reads.list_export_lines(by=args.by, with_texts=not args.without_texts), "The ledger")


def _write_consistency(args: argparse.Namespace) -> int:
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.decisions import reads

    try:
        older = json.loads(args.older.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise Invalid(f"The checkpoint cannot be read: {failure}", where=str(args.older)) from failure
    record = older.get("checkpoint", older) if isinstance(older, dict) else {}
    return _say_written(args, [reads.get_consistency(record, by=args.by)], "The proof")


def _say_written(args: argparse.Namespace, records: Iterable[Any], what: str) -> int:
    from closeknit.kernel.errors import Invalid

    draft = args.out.with_name(args.out.name + ".part")
    try:
        with open(draft, "w", encoding="utf-8") as file:
            lines = 0
            for record in records:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                lines += 1
        draft.replace(args.out)
    except OSError as failure:
        raise Invalid(f"The file cannot be written: {failure.strerror}.", where=str(args.out)) from failure
    if args.json:
        print_json("closeknit.written/1", {"file": str(args.out), "lines": lines})
    else:
        print(f"{what} is in {args.out}. Check it with: python tools/verify_ledger.py --help")
    return 0


def _verify(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.actions.seal_ledger import seal_all

    seal_all(by=args.by)
    check = reads.get_ledger_check(by=args.by)
    if args.json:
        print_json("closeknit.ledger-check/1", {"holds": not check.findings, "check": check})
        return 1 if check.findings else 0
    counts = f"{check.entries} entries, {check.checkpoints} checkpoints, {check.outside} of them also outside"
    print(f"The ledger {'does NOT hold' if check.findings else 'holds'}: {counts}; {check.waiting} wait for sealing.")
    for finding in check.findings[:50]:
        place = f"entry {finding.first}" if finding.first == finding.last else f"{finding.first} to {finding.last}"
        line = f" (line {finding.entry_id})" if finding.entry_id else ""
        print(f"  {place}{line}: {finding.what}")
    for finding in check.accepted[:50]:
        print(f"  notice, accepted: {finding.first} to {finding.last}: {finding.what}")
    return 1 if check.findings else 0


def _seal(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions.actions.seal_ledger import seal_all

    count = seal_all(by=args.by)
    if args.json:
        print_json("closeknit.sealed/1", {"lines": count})
    else:
        print(f"Sealed {count} lines.")
    return 0


def _print_key(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    key = reads.get_public_key(by=args.by)
    if args.json:
        print_json("closeknit.ledger-key/1", {"public_key": key})
    else:
        print(key)
    return 0
