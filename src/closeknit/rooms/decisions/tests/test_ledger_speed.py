"""The ledger's gates of speed, by `CLOSEKNIT_SLOW=1`. What a line costs is counted, not timed, in test_ledger.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[5]
pytestmark = pytest.mark.skipif(os.environ.get("CLOSEKNIT_SLOW") != "1", reason="takes minutes of a quiet machine")


@pytest.mark.parametrize("benchmark", [["benchmarks.ledger", "--gates"], ["benchmarks.verifier"]])
def test_the_gates_hold(benchmark):
    done = subprocess.run([sys.executable, "-m", *benchmark], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
