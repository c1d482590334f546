"""Look at feeds and their loads."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(sensing: Any) -> None:
    """Add the commands of feeds and loads."""
    feeds = sensing.add_parser("feeds", help="list feeds: read = accepted + quarantined + duplicate")
    feeds.add_argument("--search", default="", help="part of a name or title")
    orders = "feed, title, read, accepted, quarantined, duplicate, newest or loaded; --sort=-read: backwards"
    feeds.add_argument("--sort", default="feed", help=orders)
    feeds.set_defaults(run=_list_feeds)
    batches = sensing.add_parser("batches", help="list loads, newest first")
    batches.add_argument("--feed", default="")
    batches.set_defaults(run=_list_batches)


def _list_feeds(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    feeds = reads.list_feeds(by=args.by, search=args.search, sort=args.sort)
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
