"""Load data, with a progress bar."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from closeknit.kernel.output import print_json

if TYPE_CHECKING:
    from closeknit.rooms.sensing.contracts import BatchCard, Progress


BAR_CHARACTERS = 30


def add_commands(commands: Any) -> None:
    """Add `closeknit load`."""
    load = commands.add_parser("load", help="load a file or folder by a recipe; loading it again adds nothing")
    load.add_argument("recipe", metavar="RECIPE", help="a recipe's name (closeknit sensing recipes) or file")
    load.add_argument("path", metavar="PATH", type=Path, help="a file, or a folder of files")
    load.set_defaults(run=_load)


def _load(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, events
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    bar = _Bar(sys.stderr)
    try:
        card = load_recipe(args.recipe, args.path, by=args.by, at=clock.now(), on_progress=bar.show)
    finally:
        bar.close()
    while events.deliver():
        continue
    if args.json:
        print_json("closeknit.batch/1", {"batch": card})
    else:
        _print_balance(card)
    return 0


def _print_balance(card: "BatchCard") -> None:
    counts = card.counts
    print(
        f"{card.source_name} through {card.feed}: {counts.read:,} read = {counts.accepted:,} accepted"
        f" + {counts.quarantined:,} quarantined + {counts.duplicate:,} duplicate."
    )
    if card.superseded:
        print(f"Of the duplicates, {card.superseded:,} are earlier states of what was read in its latest.")
    if counts.quarantined:
        print(f"See why rows were refused: closeknit sensing quarantine --feed {card.feed}")
    print(f"Thread: {card.thread_id}")


class _Bar:
    """A progress bar on a terminal, and one line at the end elsewhere: share, rows a second, time left."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._started = time.monotonic()
        self._shown = 0.0
        self._is_open = False

    def show(self, progress: "Progress") -> None:
        """Draw where the load is, at most ten times a second."""
        now = time.monotonic()
        if not self._stream.isatty() or now - self._shown < 0.1:
            return
        self._shown = now
        read = progress.counts.read
        share = min(read / max(progress.rows_estimate, 1), 1.0)
        rate = read / max(now - self._started, 1e-6)
        left = max(progress.rows_estimate - read, 0) / max(rate, 1e-6)
        filled = round(share * BAR_CHARACTERS)
        drawn = "█" * filled + "·" * (BAR_CHARACTERS - filled)
        self._stream.write(
            f"\r{drawn} {share:4.0%}  {rate:,.0f} rows/s  {left:,.0f} s left  {progress.source_name}\x1b[K"
        )
        self._stream.flush()
        self._is_open = True

    def close(self) -> None:
        """Clear the bar's line."""
        if self._is_open:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
