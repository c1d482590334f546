"""Commands of sharing forecasts with partners."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel.output import print_json, print_table


def add_commands(demand: Any) -> None:
    """Add `sharing`, `sharing-log` and `share`."""
    sharing = demand.add_parser("sharing", help="list what is agreed to be shared with partners")
    sharing.add_argument("--operation", default="")
    sharing.set_defaults(run=_list)
    log = demand.add_parser("sharing-log", help="list every time that shared numbers left the house")
    log.set_defaults(run=_log)
    share = demand.add_parser("share", help="take out what an agreement allows; the log keeps it")
    share.add_argument("agreement", type=UUID)
    share.set_defaults(run=_share)


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads

    cards = reads.list_sharing(operation=args.operation, by=args.by)
    if args.json:
        print_json("closeknit.forecast-sharing/1", {"agreements": cards})
        return 0
    rows = [
        (c.partner, c.operation, c.detail, c.period, c.from_on, c.until_on, c.ended_at or "", c.exports, c.agreement_id)
        for c in cards
    ]
    header = ("partner", "operation", "detail", "period", "from", "until", "ended (UTC)", "taken out", "agreement")
    print_table(header, rows, empty="Nothing is shared.")
    return 0


def _log(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads

    found = reads.list_sharing_accesses(by=args.by)
    if args.json:
        print_json("closeknit.forecast-sharing-log/1", {"accesses": found})
        return 0
    rows = [(a.at, a.partner, a.operation, a.by_name, a.way, a.cells, a.withheld, a.digest[:16]) for a in found]
    header = ("when (UTC)", "partner", "operation", "by", "how", "numbers", "withheld", "content")
    print_table(header, rows, empty="Nothing was taken out yet.")
    return 0


def _share(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.export_shared_forecast import export_shared_forecast

    found = export_shared_forecast(args.agreement, way="command", by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.shared-forecast/1", {"forecast": found})
        return 0
    rows = [
        (
            c.starts_on,
            c.service or "all",
            c.region or "all",
            _number(c.mean),
            _number(c.low),
            _number(c.high),
            c.withheld or "",
        )
        for c in found.cells
    ]
    print_table((f"{found.period} from", "service", "region", "mean", "10 %", "90 %", "withheld"), rows)
    return 0


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
