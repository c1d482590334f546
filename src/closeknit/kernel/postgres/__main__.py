"""`python -m closeknit.kernel.postgres keep FOLDER | status HOME | stop HOME`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

USAGE = "usage: python -m closeknit.kernel.postgres keep FOLDER | status HOME | stop HOME\n"


def main(arguments: list[str]) -> int:
    """Run one of the three verbs; the exit code."""
    if len(arguments) != 2 or arguments[0] not in ("keep", "status", "stop"):
        sys.stderr.write(USAGE)
        return 2
    verb, folder = arguments[0], Path(arguments[1])
    if verb == "keep":
        from closeknit.kernel.postgres.keeper import keep

        return keep(folder)
    from closeknit.kernel.postgres.door import status, stop

    if verb == "stop":
        sys.stdout.write("stopped\n" if stop(folder) else "was not running\n")
        return 0
    for name, value in asdict(status(folder)).items():
        sys.stdout.write(f"{name}: {value}\n")
    return 0


sys.exit(main(sys.argv[1:]))
