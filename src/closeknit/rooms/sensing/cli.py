"""Commands of sensing: load data, look at feeds, quarantine and recipes."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

if TYPE_CHECKING:
    from closeknit.rooms.sensing.contracts import BatchCard, Progress

BAR_CHARACTERS = 30


def add_commands(commands: Any) -> None:
    """Add `closeknit load` and `closeknit sensing ...`."""
    load = commands.add_parser("load", help="load a file or folder by a recipe; loading it again adds nothing")
    load.add_argument("recipe", metavar="RECIPE", help="a recipe's name (closeknit sensing recipes) or file")
    load.add_argument("path", metavar="PATH", type=Path, help="a file, or a folder of files")
    load.set_defaults(run=_load)
    sensing = commands.add_group("sensing", help="feeds with their balances, refused rows, recipes")
    feeds = sensing.add_parser("feeds", help="list feeds: read = accepted + quarantined + duplicate")
    feeds.set_defaults(run=_list_feeds)
    batches = sensing.add_parser("batches", help="list loads, newest first")
    batches.add_argument("--feed", default="")
    batches.set_defaults(run=_list_batches)
    quarantine = sensing.add_parser("quarantine", help="list refused rows with their reasons, newest first")
    quarantine.add_argument("--feed", default="")
    quarantine.add_argument("--limit", type=arguments.rows, default=50)
    quarantine.set_defaults(run=_list_quarantined)
    recipes = sensing.add_parser("recipes", help="list the recipes that come with Closeknit, or print one")
    recipes.add_argument("name", nargs="?", default="")
    recipes.set_defaults(run=_show_recipes)


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


def _list_feeds(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    feeds = reads.list_feeds(by=args.by)
    if args.json:
        print_json("closeknit.feeds/1", {"feeds": feeds})
        return 0
    rows = [
        (f.feed, f.counts.read, f.counts.accepted, f.counts.quarantined, f.counts.duplicate, f.newest_data_at)
        for f in feeds
    ]
    print_table(
        ("feed", "read", "accepted", "quarantined", "duplicate", "newest (UTC)"),
        rows,
        empty="No feeds yet: closeknit load RECIPE PATH.",
    )
    return 0


def _list_batches(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    batches = reads.list_batches(by=args.by, feed=args.feed)
    if args.json:
        print_json("closeknit.batches/1", {"batches": batches})
        return 0
    rows = [
        (b.batch_id, b.feed, b.source_name, b.state, b.counts.read, b.counts.accepted, b.counts.quarantined,
         b.counts.duplicate, b.started_at)
        for b in batches
    ]  # fmt: skip
    print_table(
        ("batch", "feed", "source", "state", "read", "accepted", "quarantined", "duplicate", "started (UTC)"),
        rows,
        empty="Nothing was loaded yet: closeknit load RECIPE PATH.",
    )
    return 0


def _list_quarantined(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    refused = reads.list_quarantined(by=args.by, feed=args.feed, limit=args.limit)
    if args.json:
        print_json("closeknit.quarantine/1", {"rows": refused})
        return 0
    print_table(
        ("feed", "file", "line", "code", "reason"),
        [(r.feed, r.source_name, r.line, r.code, r.reason) for r in refused],
        empty="No refused rows wait.",
    )
    return 0


def _show_recipes(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing.mapping.recipe import find_recipe_text, read_recipe, shipped_recipes

    names = [args.name] if args.name else shipped_recipes()
    recipes = [read_recipe(*find_recipe_text(name)) for name in names]
    if args.json:
        fields = ("name", "title", "time_zone", "version", "assumptions", "text")
        print_json("closeknit.recipes/1", {"recipes": [{f: getattr(r, f) for f in fields} for r in recipes]})
    elif args.name:
        print(recipes[0].text, end="")
    else:
        rows = [(r.name, r.title, ", ".join(p for s in r.streams for p in s.patterns)) for r in recipes]
        print_table(("recipe", "what", "files"), rows)
    return 0
