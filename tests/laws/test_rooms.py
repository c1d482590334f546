"""Rooms are alike: the same files, doors that ask who is there, no drawers, no signals, no second clock."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from closeknit.web.settings import ROOMS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "closeknit"
ROOM_FOLDERS = [SOURCE / "rooms" / room for room in ROOMS]

ALWAYS = {
    "README.md",
    "__init__",
    "apps",
    "contracts",
    "models",
    "migrations",
    "actions",
    "tests",
}
SOMETIMES = {"compute", "reads", "pages", "forms", "templates", "api", "jobs", "cli", "urls"}
# Parts of a room beside the files that every room has. This list only shrinks.
BESIDES = {
    "sensing": {"arriving", "mapping", "recipes", "sources", "storing"},
    "decisions": {"policies"},
    "customers": {"policies"},
    "capacity": {"tiles", "tables"},
}
DRAWERS = {"utils", "util", "helpers", "common", "misc", "manager", "managers", "base", "signals"}

# Public functions of reads and actions that take no actor: they find it, or touch no data. Only shrinks.
WITHOUT_ACTOR = {
    "org.reads.actors.system_actor",
    "org.reads.actors.console_actor",
    "org.reads.actors.get_actor",
    "org.reads.actors.get_requester",
    "org.reads.actors.find_actor_of_user",
    "org.reads.actors.find_actor_by_username",
    "org.reads.tokens.find_actor_of_token",
    "org.reads.tokens.hash_token",
    # Where an account belongs, for a scope to judge; and the scope's own filter, which takes the actor first.
    "org.reads.scope.place_of",
    "org.reads.scope.places_of",
    "org.reads.scope.visible_account_numbers",
    # No person sends it: its signature is what allows it, as whoever opened the hook.
    "sensing.actions.receive_message.receive_hook",
}
CLOCKS = re.compile(
    r"\b(clock\.now|datetime\.now|datetime\.utcnow|datetime\.today|date\.today|timezone\.now|time\.time)\("
)

# With a hollow letter in each word, so that this file passes its own test.
FORBIDDEN_IN_FILES = {
    "a path of the machine it was made on": r"/[w]ork/(main|shared|\.)|/[r]oot/|/home/[a-z]+/|[b]ash_jobs",
    "a package registry's address": r"[p]ypi\.org|[p]ythonhosted|://[^\s\"']*/[s]imple\b",
    "how it was made": r"(?i)\b([c]hatgpt|[c]laude|[a]nthropic|[c]opilot|[l]anguage model)\b",
}
SOMEWHERE = "/".join(["", "root", ""])


@pytest.mark.parametrize("folder", ROOM_FOLDERS, ids=ROOMS)
def test_a_room_has_the_files_of_every_room_and_no_others(folder):
    present = {path.name.removesuffix(".py") for path in folder.iterdir() if path.name != "__pycache__"}
    assert present >= ALWAYS, f"missing: {sorted(ALWAYS - present)}"
    stems = present - ALWAYS
    assert stems <= SOMETIMES | BESIDES.get(folder.name, set())
    assert stems >= BESIDES.get(folder.name, set()), "BESIDES only shrinks: take out what is gone"


def test_every_part_says_what_belongs_in_it():
    for folder in [*ROOM_FOLDERS, SOURCE / "kernel", SOURCE / "engine", SOURCE / "web", SOURCE / "demo"]:
        readme = folder / "README.md"
        assert readme.exists(), f"{readme.relative_to(ROOT)} is missing"
        assert len(readme.read_text().split()) >= 40, f"{readme.relative_to(ROOT)} says next to nothing"


def test_there_are_no_drawers():
    drawers = [str(p.relative_to(ROOT)) for p in SOURCE.rglob("*") if p.stem in DRAWERS and p.suffix in ("", ".py")]
    assert drawers == []


def test_nothing_happens_by_signal():
    hits = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in python_files(SOURCE)
        for name in imported_names(path.read_text())
        if name.startswith(("django.dispatch", "django.db.models.signals", "django.core.signals"))
    ]
    assert hits == []


def test_only_the_wiring_table_connects_listeners():
    hits = [
        str(path.relative_to(SOURCE))
        for path in python_files(SOURCE)
        if "tests" not in path.parts and re.search(r"\bevents\.connect\(", path.read_text())
    ]
    assert hits == ["web/wiring.py"]


def test_every_public_read_and_action_asks_who_is_there():
    found = dict(door_functions())
    assert len(found) >= 30
    missing = {name for name, function in found.items() if not takes_actor(function)}
    assert missing - WITHOUT_ACTOR == set(), "take a keyword `by: Actor` and use it"
    assert WITHOUT_ACTOR - missing == set(), "WITHOUT_ACTOR only shrinks: take out what is gone"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("def get_x(n, *, by: Actor):\n    by.require('x')", True),
        ("def get_x(n, by: Actor):\n    by.require('x')", False),
        ("def get_x(n, *, by):\n    by.require('x')", False),
        ("def get_x(n):\n    return n", False),
        ("def get_x(n, *, by: Actor):\n    return n", False),
    ],
)
def test_red_twin_a_door_without_a_keeper_is_seen(text, holds):
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    assert takes_actor(function) is holds


def test_nobody_but_the_entrances_looks_at_the_clock():
    hits = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for folder in ROOM_FOLDERS
        for part in ("contracts", "models", "compute", "reads", "actions")
        for path in python_files(folder / part, folder / f"{part}.py")
        for match in CLOCKS.finditer(path.read_text())
    ]
    assert hits == []


@pytest.mark.parametrize("what", FORBIDDEN_IN_FILES)
def test_no_file_tells(what):
    pattern = re.compile(FORBIDDEN_IN_FILES[what])
    assert tellings(pattern, lambda path: path.read_text(errors="replace")) == []


def test_red_twin_a_file_that_tells_is_seen():
    pattern = re.compile(FORBIDDEN_IN_FILES["a path of the machine it was made on"])
    told = tellings(pattern, lambda path: f"see {SOMEWHERE}notes" if path.name == "pyproject.toml" else "")
    assert told == [f"pyproject.toml:1: {SOMEWHERE}"]


def test_lock_files_name_versions_and_digests_only():
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        for line in path.read_text().splitlines():
            assert "://" not in line, f"{path.name}: {line}"
            assert not line.strip().startswith(("-i", "--index", "--extra-index", "--find-links")), line


def tellings(pattern: re.Pattern[str], read: Callable[[Path], str]) -> list[str]:
    """Every place in a tracked text file where a pattern matches."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("this is not a git clone, so there is no list of tracked files")
    return [
        f"{name}:{number}: {match.group()}"
        for name in listed.stdout.split("\0")
        if name and (ROOT / name).is_file() and Path(name).suffix not in {".png", ".gz", ".parquet", ".ico", ".woff2"}
        for number, line in enumerate(read(ROOT / name).splitlines(), start=1)
        for match in pattern.finditer(line)
    ]


def python_files(*places: Path) -> Iterator[Path]:
    """The Python files in these folders, and these files, as far as they exist; migrations apart."""
    for place in places:
        paths = sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.exists() else []
        yield from (path for path in paths if "migrations" not in path.parts)


def imported_names(text: str) -> Iterator[str]:
    """The dotted names of all imports."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def door_functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """The public functions of every room's reads and actions, by dotted name.

    Where reads are a package, those that the package itself offers.
    """
    for folder in ROOM_FOLDERS:
        package = folder / "reads" / "__init__.py"
        offered = {n.rpartition(".")[2] for n in imported_names(package.read_text())} if package.exists() else None
        for path in python_files(folder / "reads", folder / "reads.py", folder / "actions"):
            module = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
            for node in ast.parse(path.read_text()).body:
                if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                    continue
                if offered is None or "actions" in path.parts or node.name in offered:
                    yield f"{module}.{node.name}", node


def takes_actor(function: ast.FunctionDef) -> bool:
    """Tell whether a function has a keyword `by: Actor` and does something with it."""
    keywords = {a.arg: ast.unparse(a.annotation) if a.annotation else "" for a in function.args.kwonlyargs}
    used = {node.id for statement in function.body for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return keywords.get("by") == "Actor" and "by" in used
