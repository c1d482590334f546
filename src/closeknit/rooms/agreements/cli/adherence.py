"""Commands of adherence."""

import argparse
from pathlib import Path
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(agreements: Any) -> None:
    """Add `closeknit agreements adherence ...`."""
    adherence = agreements.add_group("adherence", help="whether promises were kept, with what proves it")
    show = adherence.add_parser("show", help="the obligations of a period, and how they were kept")
    issue = adherence.add_parser("issue", help="write an evidence pack that is checked without the product")
    for command in (show, issue):
        command.add_argument("account")
        command.add_argument("--from", dest="from_on", type=arguments.day, required=True, metavar="YYYY-MM-DD")
        command.add_argument(
            "--until", dest="until_on", type=arguments.day, required=True, metavar="YYYY-MM-DD", help="the day after"
        )
    show.add_argument("--pdf", type=Path, metavar="FILE", help="also write it as a paper")
    issue.add_argument("--out", type=Path, metavar="FILE", help="a zip file; without it one of its own name here")
    show.set_defaults(run=_show)
    issue.set_defaults(run=_issue)


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.output import share_text
    from closeknit.rooms.agreements import reads

    found = reads.get_adherence(args.account, from_on=args.from_on, until_on=args.until_on, by=args.by, at=clock.now())
    if args.pdf is not None:
        period = {"from_on": args.from_on, "until_on": args.until_on}
        _write(args.pdf, reads.get_adherence_paper(args.account, **period, by=args.by, at=found.as_of_at))
    if args.json:
        print_json("closeknit.adherence/1", {"adherence": found})
        return 0
    print_table(
        ("term", "version from", "promise", "settled", "missed", "rate", "between", "verdict", "credits"),
        [
            (
                each.term_number,
                each.starts_on,
                each.promise,
                each.settled,
                each.missed,
                None if each.kept_share is None else share_text(each.kept_share),
                f"{share_text(each.low_share)} - {share_text(each.high_share)}"
                if each.low_share is not None and each.high_share is not None
                else None,
                each.verdict,
                each.credits,
            )
            for each in found.obligations
        ],
        empty="Nothing was promised in this period.",
    )
    return 0


def _issue(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.agreements.actions.issue_evidence import issue_evidence

    if args.out is not None and not args.out.parent.is_dir():
        raise Invalid("There is no such folder.", where=str(args.out.parent), todo="Make it first.")
    made = issue_evidence(args.account, from_on=args.from_on, until_on=args.until_on, by=args.by, at=clock.now())
    path = args.out or Path(made.name)
    _write(path, made.content)
    told = {"file": str(path), "digest": made.digest, "entry_id": made.entry_id}
    if args.json:
        print_json("closeknit.evidence-issued/1", {**told, "receipts": made.receipts, "unsealed": made.unsealed})
    else:
        print(f"Written: {path}, {made.receipts} receipts. Ledger line {made.entry_id} holds its digest {made.digest}.")
    return 0


def _write(path: Path, content: bytes) -> None:
    from closeknit.kernel.errors import Invalid

    try:
        path.write_bytes(content)
    except OSError as failure:
        raise Invalid(f"It cannot be written: {failure}.", where=str(path), todo="Name another file.") from None
