"""The command line: `closeknit <room> <verb>`, and short names for what is done every day.

Building the parser imports only standard library, so that `--help` answers at once; a command prepares the database
and Django when it runs.
"""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from closeknit import __version__
from closeknit.kernel.errors import CloseknitError, Denied, Invalid, NotFound

ROOMS_WITH_COMMANDS = (
    "org",
    "decisions",
    "privacy",
    "sensing",
    "customers",
    "agreements",
    "demand",
    "capacity",
    "outcomes",
)


NO_DATABASE = {
    "closeknit.kernel.postgres.errors.DatabaseError",
    "django.db.utils.OperationalError",
    "psycopg.OperationalError",
    "psycopg.ProgrammingError",
}
"""By name: these modules are not loaded where a command fails before it needs them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 done, 1 refused, 2 not understood, 3 broken (no database, a fault of ours), 130 interrupted. With --json there is
    one object with its schema on standard output in every case but the last.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except KeyboardInterrupt:
        print("Stopped. What was done before is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (head, a pager) has enough; what is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except _Misunderstood as failure:
        if "--json" not in words:
            print(failure.usage, file=sys.stderr, end="")
        return _refuse(2, Invalid(f"{failure}.", where=failure.command, todo=f"See: {failure.command} --help."), words)
    except CloseknitError as failure:
        return _refuse(1, failure, words)
    except Exception as failure:
        return _refuse(3, _trouble(failure), words)


def build_parser() -> argparse.ArgumentParser:
    """Return the whole parser. Rooms add their own commands from their `cli.py`."""
    parser = _Parser(
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


class _Misunderstood(Exception):
    """The words of a command line do not make a command."""

    def __init__(self, message: str, command: str, usage: str) -> None:
        super().__init__(message)
        self.command = command
        self.usage = usage


class _Parser(argparse.ArgumentParser):
    """A parser that leaves it to `main` to say what was not understood."""

    def error(self, message: str) -> NoReturn:
        raise _Misunderstood(message, self.prog, self.format_usage())


def _run(words: list[str]) -> int:
    parser = build_parser()
    try:
        "".join(words).encode()
    except UnicodeEncodeError:
        parser.error("the words are not in UTF-8")
    args = parser.parse_args(words)
    if not hasattr(args, "run"):
        parser.print_help()
        return 0
    command: Callable[[argparse.Namespace], int] = args.run
    if not getattr(args, "needs_database", True) and not getattr(args, "as_name", ""):
        args.by = _whoever_is_here()
        return command(args)
    from closeknit.web import boot

    boot.prepare(migrate=True)
    from closeknit.kernel.scope import acting_as

    args.by = _actor(args.as_name)
    try:
        with acting_as(args.by):
            return command(args)
    except Denied as failure:
        if not args.as_name:
            failure.todo = "Say who acts: --as NAME (closeknit org people lists them)."
        raise


def _whoever_is_here() -> Any:
    """Return the actor at the console for what needs no data: with every right, and nothing to see by it."""
    from closeknit.kernel.actor import Actor
    from closeknit.rooms.org.contracts import Permission

    return Actor(key="console", name="Console", permissions=frozenset(str(permission) for permission in Permission))


def _actor(name: str) -> Any:
    from closeknit.rooms.org import reads as org

    if not name:
        return org.console_actor()
    actor = org.find_actor_by_username(name)
    if actor is None:
        raise NotFound("There is no such person.", where=f"--as {name}", todo="See: closeknit org people.")
    return actor


def _trouble(failure: Exception) -> CloseknitError:
    """Return what broke as a problem; where it is our own fault, with the trace on standard error."""
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(failure).__mro__}
    if kinds & NO_DATABASE:
        # What cannot be read as an address may hold a password: it is not repeated.
        why = "DATABASE_URL is no address of a database." if "psycopg.ProgrammingError" in kinds else str(failure)
        problem = CloseknitError(f"The database cannot be used: {why}", todo="See: ./run doctor.")
        problem.code, problem.title, problem.status = "database_unavailable", "No database", 503  # type: ignore[misc]
        return problem
    traceback.print_exception(failure)
    return CloseknitError(f"{type(failure).__name__}: {failure}", todo="Tell whoever runs this, with the lines above.")


def _refuse(exit_status: int, failure: CloseknitError, words: list[str]) -> int:
    if "--json" in words:
        print(json.dumps({"schema": "closeknit.problem/1", **failure.as_problem()}))
    lines = [f"{failure.title}: {failure.what}"]
    lines += [f"  {label}: {text}" for label, text in (("where", failure.where), ("kept", failure.kept)) if text]
    lines += [f"  to do: {failure.todo}"] if failure.todo else []
    print("\n".join(lines), file=sys.stderr)
    return exit_status


if __name__ == "__main__":
    sys.exit(main())
