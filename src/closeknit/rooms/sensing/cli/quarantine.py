"""Look at refused rows, mend them, or set them aside."""

import argparse
from typing import TYPE_CHECKING, Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

if TYPE_CHECKING:
    from closeknit.rooms.sensing.contracts import MendOutcome


def add_commands(sensing: Any) -> None:
    """Add the commands of refused rows."""
    quarantine = sensing.add_parser("quarantine", help="list refused rows with their reasons, newest first")
    quarantine.add_argument("--feed", default="")
    quarantine.add_argument("--code", default="", help="only rows refused with this code")
    quarantine.add_argument("--settled", action="store_true", help="also rows that wait no more")
    quarantine.add_argument("--limit", type=arguments.rows, default=50)
    quarantine.set_defaults(run=_list_quarantined)
    mend = sensing.add_parser("mend", help="mend one refused row and try it again")
    mend.add_argument("row", type=int, help="the row's number: closeknit sensing quarantine")
    mend.add_argument("--set", action="append", default=[], metavar="COLUMN=VALUE", help="several times")
    mend.add_argument("--why", required=True)
    mend.set_defaults(run=_mend)
    alike = sensing.add_parser("mend-alike", help="try every waiting row of one code again, with one replacement")
    alike.add_argument("feed")
    alike.add_argument("code")
    alike.add_argument("--column", default="", help="without: the rows are tried as they are")
    alike.add_argument("--was", default=None, help="only where the column says this")
    alike.add_argument("--to", default=None, help="what the column should say; without: nothing")
    alike.add_argument("--why", required=True)
    alike.set_defaults(run=_mend_alike)
    aside = sensing.add_parser("set-aside", help="say that refused rows are rightly refused")
    aside.add_argument("row", type=int, nargs="+")
    aside.add_argument("--why", required=True)
    aside.set_defaults(run=_set_aside)


def _list_quarantined(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    refused = reads.list_quarantined(
        by=args.by, feed=args.feed, code=args.code, also_settled=args.settled, limit=args.limit
    )
    if args.json:
        print_json("closeknit.quarantine/1", {"rows": refused})
        return 0
    print_table(
        ("row", "feed", "file", "line", "code", "reason"),
        [(r.row_id, r.feed, r.source_name, r.line, r.code, r.reason) for r in refused],
        empty="No refused rows wait.",
    )
    return 0


def _mend(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.sensing.actions.mend_rows import mend_row

    pairs = [text.partition("=") for text in args.set]
    if any(not mark for _, mark, _ in pairs):
        raise Invalid("--set takes COLUMN=VALUE.", where="--set", todo="Write --set Quantity=3.")
    values = {column: value for column, _, value in pairs}
    return _say(args, mend_row(args.row, values, why=args.why, by=args.by, at=clock.now()))


def _mend_alike(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing.actions.mend_rows import mend_alike

    outcome = mend_alike(
        args.feed,
        args.code,
        column=args.column,
        was=args.was,
        to=args.to,
        why=args.why,
        by=args.by,
        at=clock.now(),
    )
    return _say(args, outcome)


def _say(args: argparse.Namespace, outcome: "MendOutcome") -> int:
    if args.json:
        print_json("closeknit.mended/1", {"outcome": outcome})
        return 0
    print(
        f"{outcome.rows:,} rows tried = {outcome.accepted:,} accepted + {outcome.duplicate:,} duplicate"
        f" + {len(outcome.refused):,} still refused."
    )
    for card in outcome.refused[:10]:
        print(f"  row {card.row_id}: {card.reason}")
    return 0


def _set_aside(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing.actions.set_rows_aside import set_rows_aside

    rows = set_rows_aside(args.row, why=args.why, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.set-aside/1", {"rows": rows})
    else:
        print(f"{rows:,} rows wait no more.")
    return 0
