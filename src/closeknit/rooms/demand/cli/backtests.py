"""Commands of backtests, and of computing a forecast again."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel.output import print_json, print_table


def add_commands(demand: Any) -> None:
    """Add `backtest`, `backtests` and `replay`."""
    backtest = demand.add_parser("backtest", help="forecast an operation as of past days, to see how good it would be")
    backtest.add_argument("operation")
    backtest.add_argument("--origins", type=int, default=6, help="from how many past days (6)")
    backtest.add_argument("--every-weeks", type=int, default=2, help="how many weeks these lie apart (2)")
    backtest.add_argument("--weeks", type=int, default=4, help="how many weeks each looks ahead (4)")
    backtest.set_defaults(run=_backtest)
    backtests = demand.add_parser("backtests", help="list backtests, newest first")
    backtests.add_argument("--operation", default="")
    backtests.set_defaults(run=_list_backtests)
    replay = demand.add_parser("replay", help="compute a forecast again from its snapshot and compare every bit")
    replay.add_argument("forecast", type=UUID)
    replay.set_defaults(run=_replay)


def _backtest(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.actions.request_backtest import request_backtest

    backtest_id = request_backtest(
        args.operation,
        origins=args.origins,
        every_weeks=args.every_weeks,
        weeks=args.weeks,
        by=args.by,
        at=clock.now(),
    )
    jobs.run_until_idle()
    card = reads.get_backtest(backtest_id, by=args.by)
    runs = [reads.get_run(o.run_id, by=args.by) if o.run_id else None for o in card.origins]
    if args.json:
        print_json("closeknit.backtest/1", {"backtest": card, "runs": runs})
        return 0
    rows = [
        (o.first_on, "–" if run is None else run.series, _share(run.wape_share if run else None), o.run_id or o.failure)
        for o, run in zip(card.origins, runs, strict=True)
    ]
    print_table(("forecast from", "series", "off by, 4 weeks before", "run"), rows)
    return 0


def _list_backtests(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads

    cards = reads.list_backtests(by=args.by, operation=args.operation)
    if args.json:
        print_json("closeknit.backtests/1", {"backtests": cards})
        return 0
    rows = [(c.operation, c.asked_at, c.weeks, f"{c.done} of {len(c.origins)}", c.backtest_id) for c in cards]
    print_table(
        ("operation", "asked (UTC)", "weeks ahead", "done", "backtest"),
        rows,
        empty="No backtest yet: closeknit demand backtest OPERATION.",
    )
    return 0


def _replay(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand.actions.replay_forecast import replay_forecast

    replay = replay_forecast(args.forecast, by=args.by)
    if args.json:
        print_json("closeknit.forecast-replay/1", {"replay": replay})
    else:
        verdict = "the same, bit for bit" if replay.same else "DIFFERENT"
        print(f"Replayed {replay.run_id}: {verdict}.\n  then {replay.stored_digest}\n  now  {replay.replayed_digest}")
    return 0 if replay.same else 1


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
