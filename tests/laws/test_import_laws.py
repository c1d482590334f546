"""The import laws hold on the tree as it is, and each is seen to catch what it forbids."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")

PARTS = "parts:"
ENGINE = "the engine needs"
ENGINE_PARTS = "parts of the engine"
DEMO = "the sample company"
LADDER = "the ladder:"
ROOM = "inside a room:"
DOORS = "doors:"
ENTRANCES = "entrances never"
BRIDGE = "one bridge:"
PURE = "contracts and compute"
WIRING = "only the wiring"


@dataclass(frozen=True)
class Plant:
    """One forbidden import, and the law that must catch it."""

    law: str
    importer: str
    imported: str


PLANTS = [
    Plant(PARTS, "kernel.clock", "closeknit.rooms.org.contracts"),
    Plant(PARTS, "kernel.ids", "closeknit.web.settings"),
    Plant(PARTS, "kernel.canonical", "closeknit.engine.checks"),
    Plant(PARTS, "rooms.org.reads", "closeknit.web.settings"),
    Plant(ENGINE, "engine.checks", "django.db"),
    Plant(ENGINE, "engine.queueing.erlang", "socket"),
    Plant(ENGINE, "engine.errors", "closeknit.kernel.errors"),
    Plant(ENGINE, "engine.forecasting.seasonal", "time"),
    Plant(ENGINE_PARTS, "engine.queueing.staffing", "closeknit.engine.allocation.solve"),
    Plant(ENGINE_PARTS, "engine.errors", "closeknit.engine.checks"),
    Plant(DEMO, "demo.seeds", "closeknit.kernel.ids"),
    Plant(DEMO, "demo.truth", "closeknit.rooms.sensing.contracts"),
    Plant(LADDER, "rooms.org.contracts", "closeknit.rooms.decisions.contracts"),
    Plant(LADDER, "rooms.decisions.reads", "closeknit.rooms.capacity.reads"),
    Plant(LADDER, "rooms.demand.actions.refresh_forecast", "closeknit.rooms.outcomes.contracts"),
    Plant(ROOM, "rooms.org.contracts", "closeknit.rooms.org.models"),
    Plant(ROOM, "rooms.decisions.reads", "closeknit.rooms.decisions.actions.record_entry"),
    Plant(ROOM, "rooms.customers.compute", "closeknit.rooms.customers.models"),
    Plant(ROOM, "rooms.demand.actions.request_forecast", "closeknit.rooms.demand.jobs"),
    Plant(ROOM, "rooms.decisions.forms", "closeknit.rooms.decisions.pages"),
    Plant(DOORS, "rooms.decisions.actions.decide_proposal", "closeknit.rooms.org.models"),
    Plant(DOORS, "rooms.outcomes.pages", "closeknit.rooms.capacity.pages"),
    Plant(DOORS, "rooms.capacity.compute.plan", "closeknit.rooms.demand.compute"),
    Plant(DOORS, "web.pages", "closeknit.rooms.decisions.models"),
    Plant(DOORS, "web.pages", "closeknit.rooms.demand.compute"),
    Plant(ENTRANCES, "rooms.decisions.pages", "closeknit.rooms.decisions.models"),
    Plant(ENTRANCES, "rooms.demand.jobs", "closeknit.rooms.demand.compute"),
    Plant(ENTRANCES, "rooms.capacity.pages", "closeknit.kernel.models"),
    Plant(BRIDGE, "rooms.demand.reads", "closeknit.engine.forecasting.seasonal"),
    Plant(BRIDGE, "web.charts", "closeknit.engine.queueing.erlang"),
    Plant(PURE, "rooms.customers.contracts", "django.db.models"),
    Plant(PURE, "rooms.demand.compute", "django.db.models"),
    Plant(PURE, "rooms.capacity.contracts", "psycopg"),
    Plant(PURE, "rooms.decisions.compute", "closeknit.kernel.clock"),
    Plant(WIRING, "web.pages", "closeknit.rooms.demand.jobs"),
    Plant(WIRING, "rooms.demand.pages", "closeknit.rooms.demand.jobs"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy of what the linter reads."""
    copy = tmp_path_factory.mktemp("tree")
    left_out = shutil.ignore_patterns("__pycache__", "static", "templates")
    shutil.copytree(ROOT / "src", copy / "src", ignore=left_out)
    shutil.copytree(ROOT / "tests" / "laws", copy / "tests" / "laws", ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def lint(folder: Path) -> str:
    """Run the linter in a folder and return what it prints, one line each, without wrapping."""
    assert LINTER.exists(), f"{LINTER} is missing: ./run test installs it"
    done = subprocess.run(
        [LINTER, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "400", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    return done.stdout + done.stderr


def findings(report: str) -> dict[str, str]:
    """What the report says of each broken law, by the law's whole name."""
    _, _, broken = report.partition("Broken contracts")
    parts = re.split(r"\n([^\n]+)\n-{3,}\n", broken)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_laws_hold_on_this_tree_and_each_catches_what_it_forbids(tree):
    clean = lint(tree)
    assert ", 0 broken" in clean, clean
    for plant in PLANTS:
        with (tree / "src/closeknit" / module_path(tree, plant.importer)).open("a") as file:
            file.write(f"\n\ndef _planted() -> None:\n    import {plant.imported}  # noqa\n")
    report = lint(tree)
    found = findings(report)
    missed = [plant for plant in PLANTS if not is_reported(plant, found)]
    assert not missed, report
    assert len(PLANTS) >= 20


def module_path(tree: Path, module: str) -> str:
    """The file of a module, which may be a package by now."""
    path = module.replace(".", "/")
    return f"{path}.py" if (tree / "src/closeknit" / f"{path}.py").exists() else f"{path}/__init__.py"


def is_reported(plant: Plant, found: dict[str, str]) -> bool:
    """Tell whether the law that must catch a plant names both its ends on one line."""
    text = "\n".join(body for law, body in found.items() if law.startswith(plant.law))
    imported = plant.imported if plant.imported.startswith("closeknit") else plant.imported.partition(".")[0]
    importer = re.escape(f"closeknit.{plant.importer}")
    return bool(re.search(rf"\b{importer}\b[^\n]*\b{re.escape(imported)}\b", text))


def test_a_room_with_an_unknown_file_and_an_unknown_room_are_refused(tree):
    rooms = tree / "src/closeknit/rooms"
    (rooms / "org" / "drawer.py").write_text("")
    (rooms / "attic").mkdir()
    (rooms / "attic" / "__init__.py").write_text("")
    report = lint(tree)
    assert "drawer" in report
    assert "attic" in report
