"""How soon does the command line answer, and what does importing cost? Medians of fresh processes."""

import subprocess
import sys
from functools import partial

from benchmarks._report import seconds, show

ASKED = {
    "python -c pass": ["-c", "pass"],
    "closeknit --help": ["-m", "closeknit.web.cli", "--help"],
    "closeknit capacity show --help": ["-m", "closeknit.web.cli", "capacity", "show", "--help"],
    "import django": ["-c", "import django"],
    "import closeknit.engine.queueing": ["-c", "import closeknit.engine.queueing"],
    "import closeknit.engine.allocation": ["-c", "import closeknit.engine.allocation"],
    "import closeknit.engine.forecasting": ["-c", "import closeknit.engine.forecasting"],
    "import numpy": ["-c", "import numpy"],
}


def main() -> None:
    """Time each and print it beside the bare interpreter."""
    bare = 0.0
    rows = []
    for name, arguments in ASKED.items():
        command = [sys.executable, *arguments]
        took = seconds(partial(subprocess.run, command, check=True, capture_output=True), times=7)
        bare = bare or took
        rows.append((name, f"{took:.3f}", f"{took / bare:.1f}"))
    show("Start-up (wish: --help under 0.4 s)", ("what", "seconds", "times bare Python"), rows)


if __name__ == "__main__":
    main()
