"""Commands that size a queue without any data: staff, and published results computed again."""

import argparse
import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table, share_text

METHODS = ("auto", "stationary", "lagged", "modified-load", "exact")
STAFF_HELP = """\
Say how many people keep a promise to answer, and why that many.

  closeknit staff --calls 100 --interval 30m --handle 3m --target 80/20s --shrinkage 30%
  closeknit staff --csv day.csv --interval 30m --handle 3m --target 80/20s --patience 2m > staffed.csv

Times carry their unit (20s, 3m, 1.5h); shares are 30% or 0.3. --target 80/20s: 80 % answered within 20 seconds."""


def add_commands(commands: Any, capacity: Any) -> None:
    """Add `closeknit staff` and `closeknit capacity verify`."""
    staff = commands.add_parser(
        "staff",
        help="how many people keep a promise to answer",
        description=STAFF_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_question(staff)
    staff.set_defaults(run=_staff, needs_database=False)
    verify = capacity.add_parser("verify", help="compute published results again, beside what their sources print")
    verify.set_defaults(run=_verify, needs_database=False)


def _add_question(staff: argparse.ArgumentParser) -> None:
    what = staff.add_mutually_exclusive_group(required=True)
    what.add_argument("--calls", type=arguments.number, metavar="N", help="how many calls arrive in the interval")
    what.add_argument("--csv", metavar="FILE", help="intervals of a day, one per line; - reads standard input")
    staff.add_argument("--interval", type=arguments.span, default="30m", metavar="TIME", help="default: 30m")
    staff.add_argument("--handle", type=arguments.span, required=True, metavar="TIME", help="mean handling time")
    level = arguments.service_level
    staff.add_argument("--target", type=level, default="80/20s", metavar="SHARE/TIME", help="default: 80/20s")
    staff.add_argument("--patience", type=arguments.span, metavar="TIME", help="mean wait until a caller gives up")
    staff.add_argument("--shrinkage", type=arguments.share, default=Fraction(0), metavar="SHARE", help="such as 30%%")
    staff.add_argument("--max-occupancy", type=arguments.share, metavar="SHARE", help="busy time at most")
    staff.add_argument("--max-abandoned", type=arguments.share, metavar="SHARE", help="callers that give up at most")
    staff.add_argument("--max-mean-wait", type=arguments.span, metavar="TIME", help="mean wait at most")
    staff.add_argument("--method", choices=METHODS, default="auto", help="with --csv: how the day is staffed")
    staff.add_argument("--out", metavar="FILE", help="with --csv: write the result there")


def _staff(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity.actions.answer_staffing import answer_staffing
    from closeknit.rooms.capacity.contracts import StaffingQuestion

    question = StaffingQuestion(
        calls=args.calls or 0.0,
        interval_minutes=float(args.interval),
        handle_minutes=float(args.handle),
        target_share=float(args.target[0]),
        threshold_minutes=float(args.target[1]),
        patience_minutes=_given(args.patience),
        shrinkage_share=args.shrinkage,
        most_occupancy_share=_given(args.max_occupancy),
        most_abandoned_share=_given(args.max_abandoned),
        longest_mean_wait_minutes=_given(args.max_mean_wait),
    )
    if args.csv:
        return _staff_file(args, question)
    answer = answer_staffing(question, by=args.by)
    if args.json:
        print_json("closeknit.staffing/1", {"answer": answer})
        return 0
    print(f"{answer.sentence}\n")
    headings = ("", "agents", "in time", "mean wait", "waiting", "occupancy", "given up")
    print_table(headings, [_point_row(point, answer.agents) for point in answer.curve])
    return 0


def _given(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _point_row(point: Any, chosen: int) -> tuple[Any, ...]:
    wait = "endless" if point.mean_wait_minutes is None else f"{point.mean_wait_minutes * 60:,.1f} s"
    shares = (point.wait_share, point.occupancy_share, point.abandoned_share)
    mark = "→" if point.agents == chosen else " "
    return (mark, point.agents, share_text(point.level_share), wait, *(share_text(share) for share in shares))


def _staff_file(args: argparse.Namespace, question: Any) -> int:
    from closeknit.rooms.capacity.actions.staff_file import staff_file
    from closeknit.rooms.capacity.contracts import StaffingMethod

    method = StaffingMethod(args.method.replace("-", "_"))
    staffed = staff_file(_read_text(args.csv), question, method=method, by=args.by)
    if args.json:
        print_json("closeknit.staffing-day/1", {"day": staffed.day})
        return 0
    if args.out:
        _write_text(args.out, staffed.text)
    else:
        sys.stdout.write(staffed.text)
    print(staffed.day.sentence, file=sys.stderr)
    return 0


def _read_text(path: str) -> str:
    from closeknit.kernel.cells import text_of
    from closeknit.kernel.errors import Invalid

    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as reason:
        raise Invalid(f"The file cannot be read: {reason.strerror}.", where=path) from reason
    return text_of(data, where=path)


def _write_text(path: str, text: str) -> None:
    from closeknit.kernel.errors import Invalid

    # Written whole beside its place first: a full disk leaves what was there before.
    beside = f"{path}.part"
    try:
        Path(beside).write_text(text, encoding="utf-8", newline="")
        os.replace(beside, path)
    except OSError as reason:
        raise Invalid(f"The file cannot be written: {reason.strerror}.", where=path) from reason


def _verify(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity.actions.answer_staffing import verify_numbers

    numbers = verify_numbers(by=args.by)
    wrong = sum(not number.agrees for number in numbers)
    if args.json:
        print_json("closeknit.verified-numbers/1", {"numbers": numbers})
    else:
        for number in numbers:
            print(f"{'✓' if number.agrees else '✗'} {number.name}: {number.question}")
            print(f"    published: {number.published} ({number.source})\n    computed:  {number.computed}")
        print(f"\n{len(numbers) - wrong} of {len(numbers)} agree with what was published.")
    return 1 if wrong else 0
