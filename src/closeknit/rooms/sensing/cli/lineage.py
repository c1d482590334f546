"""Follow numbers back to rows, and rows forward to decisions."""

import argparse
import json
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(sensing: Any) -> None:
    """Add the commands of lineage."""
    back = sensing.add_parser("lineage", help="what a forecast, plan or week of values was made of, down to rows")
    back.add_argument("kind", help="forecast, plan or values")
    back.add_argument("id", type=UUID)
    back.add_argument("--account", default=None)
    back.add_argument("--service", default=None)
    back.add_argument("--region", default=None)
    back.add_argument("--limit", type=arguments.rows, default=20)
    back.add_argument("--openlineage", action="store_true", help="one OpenLineage event a line")
    back.set_defaults(run=_back)
    forward = sensing.add_parser("row-lineage", help="which forecasts, plans and decisions a row touched")
    forward.add_argument("feed")
    forward.add_argument("batch", type=int)
    forward.add_argument("line", type=int)
    forward.add_argument("--file", type=int, default=0, help="which file of the load, from 0")
    forward.set_defaults(run=_forward)


def _back(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads
    from closeknit.rooms.sensing.mapping.open_lineage import events_of

    place = {"account_number": args.account, "service": args.service, "region": args.region}
    found = reads.trace_back(args.kind, args.id, **place, limit=args.limit, by=args.by)
    if args.openlineage:
        for event in events_of(found, reads.get_recipe_texts(found.batches, by=args.by)):
            print(json.dumps(event))
        return 0
    if args.json:
        print_json("closeknit.lineage/1", {"lineage": found})
        return 0
    for node in found.nodes:
        print(f"{node.title}, made {node.at:%Y-%m-%d %H:%M} UTC by {node.version}")
    rows = [(b.batch_id, b.feed, b.recipe_version, b.source_name, b.rows, b.started_at) for b in found.batches]
    print_table(("load", "feed", "recipe", "source", "rows", "loaded (UTC)"), rows, empty="No load stands behind it.")
    return 0


def _forward(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    found = reads.trace_forward(args.feed, args.batch, args.line, file_number=args.file, by=args.by)
    if args.json:
        print_json("closeknit.row-lineage/1", {"lineage": found})
        return 0
    rows = [(node.at, node.title, node.version) for node in (*found.nodes, *found.lines)]
    print_table(("when (UTC)", "what", "version or kind"), rows, empty="Nothing was made of it yet.")
    return 0
