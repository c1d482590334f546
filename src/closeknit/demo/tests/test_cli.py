"""The command: quick to import, one schema, errors that say what to do; and the part's isolation."""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from closeknit.demo import cli, places

DEMO = Path(cli.__file__).parent


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    return parser.parse_args(["demo-company", *arguments])


def test_writes_a_company_up_to_the_last_monday(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parse("--seed", "1", "--accounts", "40", "--weeks", "2", "--out", str(tmp_path), "--json")
    assert cli.run(arguments, today=date(2026, 11, 22)) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "closeknit.demo-company/1"
    assert (said["starts_on"], said["ends_on"]) == ("2026-11-02", "2026-11-16")
    for name, counts in said["files"].items():
        assert len((tmp_path / name).read_text(encoding="utf-8").splitlines()) == counts["rows"] + 1


def test_refuses_in_words_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parse("--accounts", "40", "--ends-on", "2026-11-17", "--out", str(tmp_path / "new"))
    assert cli.run(arguments) == 2
    assert "use 2026-11-16 or 2026-11-23" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_importing_the_command_needs_the_standard_library_only() -> None:
    code = "import closeknit.demo.cli, sys; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    environment = os.environ | {"PYTHONPATH": str(DEMO.parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment, timeout=240
    )
    assert not {"numpy", "pyarrow", "django", "scipy"} & set(done.stdout.split())


def test_imports_nothing_else_of_the_product() -> None:
    allowed = {"numpy", "pyarrow", *sys.stdlib_module_names}
    for path in DEMO.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] in allowed or name.startswith("closeknit.demo"), f"{path.name}: {name}"


def test_closed_days_are_the_known_ones() -> None:
    assert [places.easter_sunday(y) for y in (2024, 2025, 2026)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
    ]
    america, iberia, dach = (places.closures(r, date(2025, 1, 1), date(2025, 12, 31)) for r in places.REGIONS)
    assert america[date(2025, 11, 27)] == "Thanksgiving"
    assert america[date(2025, 5, 26)] == "Memorial Day"
    assert iberia[date(2025, 4, 18)] == "Good Friday"
    assert dach[date(2025, 5, 29)] == "Ascension"
    assert all(day.weekday() < 5 for day in (*america, *iberia, *dach))
