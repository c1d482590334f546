"""Receipts of the ledger, verified outside: by the tool, in a bare interpreter, beside nothing but the file."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TOOL = Path(__file__).resolve().parents[1] / "tools" / "verify_ledger.py"


def hold_outside(receipt: dict[str, Any], name: str, folder: Path) -> str:
    """See that a receipt holds outside; return what the tool said."""
    said = _verify(receipt, name, folder)
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


def spoilt_is_refused(receipt: dict[str, Any], folder: Path) -> None:
    """The red twin: the same receipt with eight digits of its proof changed is refused."""
    spoilt = json.dumps(receipt).replace(receipt["inclusion_proof"][0][:8], "00000000", 1)
    assert _verify(json.loads(spoilt), "spoilt", folder).returncode == 1


def _verify(receipt: dict[str, Any], name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(receipt), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-I", "-S", str(TOOL), "receipt", str(path)],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=240,
    )
