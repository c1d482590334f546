"""The M4 files as published are read into one matrix, and what is absent is left out with a word."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks._demand_series import shared


def write(path: Path, rows: dict[str, list[float]]) -> None:
    width = max(len(row) for row in rows.values())
    lines = [",".join(f'"V{i}"' for i in range(1, width + 2))]
    # Shorter series end in empty fields, as in the competition's files.
    lines += [f'"{k}",' + ",".join([f'"{v}"' for v in row] + [""] * (width - len(row))) for k, row in rows.items()]
    path.write_text("\n".join(lines) + "\n")


def test_the_series_of_the_commonest_length_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "m4"
    folder.mkdir()
    train = {"W1": [1.0, 2.0, 3.0], "W2": [4.0, 5.0, 6.0], "W3": [7.0, 8.0]}
    write(folder / "Weekly-train.csv", train)
    write(folder / "Weekly-test.csv", {"W1": [3.5, 4.5], "W2": [6.5, 7.5], "W3": [8.5, 9.5]})
    (found,) = shared(tmp_path)
    assert (found.name, found.season_periods) == ("M4 weekly", 52)
    np.testing.assert_array_equal(found.history, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_array_equal(found.actual, [[3.5, 4.5], [6.5, 7.5]])
    assert "left out, not there: M4 hourly" in capsys.readouterr().out
