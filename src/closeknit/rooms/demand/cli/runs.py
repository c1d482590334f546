"""Commands of forecast runs and their weeks."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(demand: Any) -> None:
    """Add `runs` and `weeks`."""
    runs = demand.add_parser("runs", help="list forecast runs, newest first")
    runs.add_argument("--operation", default="")
    runs.add_argument("--purpose", choices=("plan", "backtest", "scenario"), default="plan")
    runs.set_defaults(run=_list_runs)
    weeks = demand.add_parser("weeks", help="observed and forecast weeks of an operation or an account")
    weeks.add_argument("operation")
    weeks.add_argument("--account", default="")
    weeks.add_argument("--service", default="")
    weeks.add_argument("--region", default="")
    weeks.set_defaults(run=_list_weeks)


def _list_runs(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.contracts import RunPurpose

    runs = reads.list_runs(by=args.by, operation=args.operation, purpose=RunPurpose(args.purpose))
    if args.json:
        print_json("closeknit.forecast-runs/1", {"runs": runs})
        return 0
    rows = [
        (r.operation, r.first_on, r.horizon_days, r.series, _share(r.wape_share), r.made_at, r.run_id) for r in runs
    ]
    print_table(
        ("operation", "from", "days", "series", "off by", "made (UTC)", "run"),
        rows,
        empty="No forecast yet: closeknit plan.",
    )
    return 0


def _list_weeks(args: argparse.Namespace) -> int:
    from closeknit.kernel.errors import NotFound
    from closeknit.rooms.demand import reads

    run = reads.find_current_run(args.operation, by=args.by)
    if run is None:
        raise NotFound("There is no forecast of this operation.", where=args.operation, todo="Run: closeknit plan.")
    points = reads.weekly_points(
        run.run_id, account_number=args.account, service=args.service, region=args.region, by=args.by
    )
    if args.json:
        print_json("closeknit.forecast-weeks/1", {"run_id": run.run_id, "weeks": points})
    else:
        rows = [(p.week_on, p.observed, p.mean, p.low, p.high) for p in points]
        print_table(("week of", "observed", "forecast", "10 %", "90 %"), rows)
    return 0


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
