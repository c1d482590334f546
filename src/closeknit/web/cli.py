"""The command line: `closeknit <room> <verb>`, and short names for what is done every day.

Building the parser imports only standard library, so that `--help` answers at once; a command prepares the database
and Django when it runs.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from closeknit import __version__

ROOMS_WITH_COMMANDS = (
    "org",
    "decisions",
    "sensing",
    "customers",
    "agreements",
    "demand",
    "capacity",
    "outcomes",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused, 2 not understood, 130 interrupted."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if not hasattr(args, "run"):
        parser.print_help()
        return 0
    try:
        return _run(args)
    except KeyboardInterrupt:
        print("Stopped. What was done before is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (head, a pager) has enough; what is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the whole parser. Rooms add their own commands from their `cli.py`."""
    parser = argparse.ArgumentParser(
        prog="closeknit",
        description="Turn what customers do, and what they were promised, into the capacity that keeps the promises.",
        epilog="Every command takes --json (one versioned object on standard output) and --as NAME (act as a person).",
    )
    parser.add_argument("--version", action="version", version=f"closeknit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for room in ROOMS_WITH_COMMANDS:
        import_module(f"closeknit.rooms.{room}.cli").add_commands(_Commands(commands))
    from closeknit.demo import cli as demo

    demo.add_parser(commands).set_defaults(run=demo.run, needs_database=False)
    return parser


class _Commands:
    """A subparsers object that gives each command --json and --as."""

    def __init__(self, subparsers: Any) -> None:
        self._subparsers = subparsers

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = self._subparsers.add_parser(name, **options)
        parser.add_argument("--json", action="store_true", help="print one versioned JSON object")
        parser.add_argument("--as", dest="as_name", metavar="NAME", default="", help="act as this person")
        return parser

    def add_group(self, name: str, **options: Any) -> "_Commands":
        """Add `closeknit NAME <verb>` and return the place where its verbs go."""
        group = self._subparsers.add_parser(name, **options)
        return _Commands(group.add_subparsers(title="verbs", metavar="VERB", required=True))


def _run(args: argparse.Namespace) -> int:
    command: Callable[[argparse.Namespace], int] = args.run
    if not getattr(args, "needs_database", True):
        return command(args)
    from closeknit.web import boot

    boot.prepare(migrate=True)
    from closeknit.kernel.errors import CloseknitError

    try:
        args.by = _actor(getattr(args, "as_name", ""))
        return command(args)
    except CloseknitError as failure:
        if failure.code == "" and not getattr(args, "as_name", ""):
            failure.todo = "Say who acts: --as NAME (closeknit org people lists them)."
        _show(failure, as_json=getattr(args, "json", False))
        return 1


def _actor(name: str) -> Any:
    from closeknit.kernel.errors import NotFound
    from closeknit.rooms.org import reads as org

    if not name:
        return org.console_actor()
    actor = org.find_actor_by_username(name)
    if actor is None:
        raise NotFound("There is no such person.", where=f"--as {name}", todo="See: closeknit org people.")
    return actor


def _show(failure: Any, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"schema": "closeknit.problem/1", **failure.as_problem()}))
    lines = [f"{failure.title}: {failure.what}"]
    lines += [f"  {label}: {text}" for label, text in (("where", failure.where), ("kept", failure.kept)) if text]
    lines += [f"  to do: {failure.todo}"] if failure.todo else []
    print("\n".join(lines), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
