"""The command of horizons and frozen periods."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(demand: Any) -> None:
    """Add `horizons`."""
    horizons = demand.add_parser("horizons", help="how far a forecast must look, and what of it is settled, and why")
    horizons.add_argument("operation")
    horizons.add_argument("--region", default="")
    horizons.add_argument("--site", default="")
    horizons.set_defaults(run=_show)


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand import reads

    horizon = reads.get_horizons(args.operation, args.region, site=args.site, at=clock.now(), by=args.by)
    if args.json:
        print_json("closeknit.demand-horizons/1", {"horizon": horizon})
        return 0
    rows = [
        (lead.resource, lead.step, lead.lead_days, lead.settled_until_on, lead.set_for or "default")
        for lead in horizon.leads
    ]
    print_table(("resource", "step", "days", "settled until", "set for"), rows)
    print(horizon.reason)
    return 0
