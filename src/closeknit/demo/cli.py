"""`closeknit demo-company`: write the sample company's files. Standard library only until it runs."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

SCHEMA = "closeknit.demo-company/1"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command to an argparse `subparsers` object and return its parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "demo-company",
        help="write the files of a made-up company's source systems",
        description="Write the sample company Fernhill Supply: orders, contacts, incidents, surveys, "
        "contracts, rosters. The same arguments give the same bytes.",
    )
    parser.add_argument("--seed", type=int, default=7, help="a whole number from 0 up (default 7)")
    parser.add_argument("--accounts", type=int, default=400, help="40 to 100000 (default 400)")
    parser.add_argument("--weeks", type=int, default=104, help="weeks of data (default 104)")
    parser.add_argument(
        "--ends-on",
        type=date.fromisoformat,
        default=None,
        metavar="YYYY-MM-DD",
        help="a Monday, the first day without data (default: the last Monday)",
    )
    parser.add_argument("--out", type=Path, default=Path("sample-company"), help="folder (default ./sample-company)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _progress_line(step: str, done: int, total: int) -> None:
    print(f"\r  {step}: {done:,} of {total:,} accounts ", end="\n" if done == total else "", file=sys.stderr)


def run(args: argparse.Namespace, today: date | None = None) -> int:
    """Run the command; `today` is looked up here, at the entrance, and nowhere deeper."""
    from closeknit.demo import CompanySpec, SpecError, generate, last_monday

    ends_on = args.ends_on or last_monday(today or datetime.now(UTC).date())
    try:
        spec = CompanySpec(args.seed, args.accounts, args.weeks, ends_on)
        company = generate(spec, args.out, None if args.json or not sys.stderr.isatty() else _progress_line)
    except SpecError as error:
        return _refuse(args, 2, f"{error}.", "Nothing was written.", "See: closeknit demo-company --help.")
    except OSError as error:
        what = f"cannot write to {args.out}: {error}."
        return _refuse(args, 1, what, "Files of an earlier run were kept.", "Choose another folder with --out.")
    if args.json:
        print(
            json.dumps(
                {
                    "schema": SCHEMA,
                    "folder": str(company.folder),
                    "truth": str(company.truth),
                    "starts_on": spec.starts_on.isoformat(),
                    "ends_on": spec.ends_on.isoformat(),
                    "files": {n: {"rows": company.rows[n], "bad_rows": company.bad_rows[n]} for n in company.files},
                }
            )
        )
        return 0
    for name in company.files:
        print(f"{company.rows[name]:>12,}  {name}")
    print(f"{spec.starts_on} up to, not including, {spec.ends_on}, in {company.folder} (its truth in {company.truth})")
    return 0


def _refuse(args: argparse.Namespace, exit_status: int, what: str, kept: str, todo: str) -> int:
    if args.json:
        problem = {
            "schema": "closeknit.problem/1",
            "type": "urn:closeknit:problem:invalid",
            "title": "The input was refused",
            "status": 422,
            "code": "invalid",
            "detail": what,
            "where": "demo-company",
            "kept": kept,
            "todo": todo,
        }
        print(json.dumps(problem))
    print(f"demo-company: {what} {kept} {todo}", file=sys.stderr)
    return exit_status
