"""Commands of forecast accuracy, exceptions, and spike or shift."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

GROUPS = (
    "operation",
    "account",
    "segment",
    "service",
    "region",
    "tier",
    "horizon",
    "method",
    "version",
    "data",
    "run",
    "week",
)
DONE = ("override", "event", "assumption")
FINDINGS = (
    "data error",
    "one-off customer event",
    "lasting change",
    "promotion or launch",
    "holiday",
    "our own doing",
    "chance",
    "unknown",
)


def add_commands(demand: Any) -> None:
    """Add `accuracy`, `compare-versions`, `exceptions`, `exception`, `close-exception` and its kin, and `changes`."""
    accuracy = demand.add_parser("accuracy", help="how good an operation's forecasts were, on weeks that are complete")
    accuracy.add_argument("operation")
    accuracy.add_argument("--by", dest="group", choices=GROUPS, default="horizon", help="told apart by this")
    accuracy.add_argument("--level", choices=("series", "total"))
    accuracy.add_argument("--period", choices=("week", "day"), default="week")
    accuracy.add_argument("--purpose", choices=("plan", "backtest"))
    accuracy.add_argument("--account", default="")
    accuracy.add_argument("--since", type=arguments.day, metavar="DAY")
    accuracy.add_argument("--until", type=arguments.day, metavar="DAY")
    accuracy.set_defaults(run=_accuracy)
    compare = demand.add_parser("compare-versions", help="before against after a change, on the same weeks")
    compare.add_argument("operation")
    compare.add_argument("before")
    compare.add_argument("after")
    compare.add_argument("--kind", choices=("version", "data"), default="version", help="of the code, or of recipes")
    compare.set_defaults(run=_compare)
    _add_exceptions(demand)
    changes = demand.add_parser("changes", help="spike or shift: whose level changed, and what that asks for")
    changes.add_argument("operation")
    changes.add_argument("--weeks", type=arguments.rows, default=26, help="only changes of the last so many weeks")
    changes.add_argument("--every", action="store_true", help="also series that did not change")
    changes.set_defaults(run=_changes)


def _add_exceptions(demand: Any) -> None:
    listed = demand.add_parser("exceptions", help="what came otherwise than forecast, the worst first")
    listed.add_argument("--operation", default="")
    listed.add_argument("--state", choices=("open", "closed", "any"), default="open")
    listed.add_argument("--account", default="")
    listed.add_argument("--mine", action="store_true")
    orders = "consequence, week, operation, account or due; --sort=-consequence (as it is): the last first"
    listed.add_argument("--sort", default="-consequence", help=orders)
    listed.add_argument("--after", default="", metavar="EXCEPTION", help="start behind this one")
    listed.add_argument("--limit", type=arguments.rows, default=200)
    listed.set_defaults(run=_exceptions)
    shown = demand.add_parser("exception", help="one of them, with what happened to it")
    shown.add_argument("exception", type=UUID)
    shown.set_defaults(run=_exception)
    closed = demand.add_parser("close-exception", help="close one with a finding")
    closed.add_argument("exception", type=UUID)
    closed.add_argument("--finding", choices=FINDINGS, required=True)
    closed.add_argument("--text", required=True, help="what you found, in words")
    closed.add_argument(
        "--done", choices=("override", "event", "assumption"), default="", help="what was done about it"
    )
    closed.add_argument("--done-id", default="", help="its number or name")
    closed.set_defaults(run=_close)
    reopened = demand.add_parser("reopen-exception", help="open a closed one again")
    reopened.add_argument("exception", type=UUID)
    reopened.add_argument("--reason", required=True)
    reopened.set_defaults(run=_reopen)
    assigned = demand.add_parser("assign-exception", help="say who answers for one")
    assigned.add_argument("exception", type=UUID)
    assigned.add_argument("to", help="a user name")
    assigned.add_argument("--reason", default="")
    assigned.set_defaults(run=_assign)
    commented = demand.add_parser("comment-exception", help="add a word to one")
    commented.add_argument("exception", type=UUID)
    commented.add_argument("text")
    commented.set_defaults(run=_comment)


def _accuracy(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.contracts import AccuracyBy, RunPurpose, ScoreLevel, ScorePeriod

    rows = reads.list_accuracy(
        args.operation,
        group_by=AccuracyBy(args.group),
        level=ScoreLevel(args.level) if args.level else None,
        period=ScorePeriod(args.period),
        purpose=RunPurpose(args.purpose) if args.purpose else None,
        account_number=args.account,
        since_on=args.since,
        until_on=args.until,
        by=args.by,
    )
    if args.json:
        print_json("closeknit.forecast-accuracy/1", {"group_by": args.group, "rows": rows})
        return 0
    heads = (args.group, "forecasts", "units", "off by", "methods alone", "bias", "80 % held", "loss", "against naive")
    table = [
        (
            row.name,
            row.points,
            round(row.units),
            _share(row.wape_share),
            _share(row.statistical_wape_share),
            _share(row.bias_share),
            _share(row.coverage_share),
            _share(row.quantile_loss_share),
            "–" if row.against_naive is None else f"{row.against_naive:.2f}",
        )
        for row in rows
    ]
    print_table(heads, table, empty="No forecast of this operation was held against a complete week yet.")
    return 0


def _compare(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.contracts import VersionKind

    found = reads.compare_versions(args.operation, args.before, args.after, kind=VersionKind(args.kind), by=args.by)
    if args.json:
        print_json("closeknit.forecast-comparison/1", {"comparison": found})
    else:
        print(found.sentence)
    return 0


def _exceptions(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand import reads

    found = reads.list_forecast_exceptions(
        by=args.by,
        at=clock.now(),
        operation=args.operation,
        state="" if args.state == "any" else args.state,
        account_number=args.account,
        mine=args.mine,
        sort=args.sort,
        after=args.after,
        limit=args.limit,
    )
    if args.json:
        print_json("closeknit.forecast-exceptions/1", {"exceptions": found})
        return 0
    rows = [
        (
            str(x.exception_id),
            f"{x.state}, overdue" if x.is_overdue else x.state,
            x.operation,
            x.week_on.isoformat(),
            x.name,
            _share(x.deviation_share),
            round(x.consequence),
            x.owner_name,
            x.finding,
        )
        for x in found
    ]
    heads = ("exception", "state", "operation", "week of", "series", "off by", "consequence", "owner", "finding")
    print_table(heads, rows, empty="Nothing came otherwise than forecast, or all of it has a finding.")
    return 0


def _exception(args: argparse.Namespace) -> int:
    return _print(args, args.exception)


def _close(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.close_forecast_exception import close_forecast_exception
    from closeknit.rooms.demand.contracts import FindingKind, FollowUpKind

    close_forecast_exception(
        args.exception,
        finding=FindingKind(args.finding),
        text=args.text,
        follow_up=FollowUpKind(args.done),
        follow_up_id=args.done_id,
        by=args.by,
        at=clock.now(),
    )
    return _print(args, args.exception)


def _reopen(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.reopen_forecast_exception import reopen_forecast_exception

    reopen_forecast_exception(args.exception, reason=args.reason, by=args.by, at=clock.now())
    return _print(args, args.exception)


def _assign(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.assign_forecast_exception import assign_forecast_exception

    assign_forecast_exception(args.exception, to=args.to, reason=args.reason, by=args.by, at=clock.now())
    return _print(args, args.exception)


def _comment(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.assign_forecast_exception import comment_forecast_exception

    comment_forecast_exception(args.exception, text=args.text, by=args.by, at=clock.now())
    return _print(args, args.exception)


def _print(args: argparse.Namespace, exception_id: UUID) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand import reads

    card = reads.get_forecast_exception(exception_id, by=args.by, at=clock.now())
    steps = reads.list_exception_steps(exception_id, by=args.by)
    if args.json:
        print_json("closeknit.forecast-exception/1", {"exception": card, "steps": steps})
        return 0
    print(card.sentence)
    if card.change:
        print(card.change.sentence)
    print_table(("what", "when", "by", "words"), [(s.kind, s.at, s.by, s.text) for s in steps])
    return 0


def _changes(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand import reads

    cards = reads.list_changes(args.operation, by=args.by, at=clock.now(), recent_weeks=args.weeks, every=args.every)
    if args.json:
        print_json("closeknit.demand-changes/1", {"operation": args.operation, "changes": cards})
        return 0
    rows = [
        (
            c.name,
            c.kind.value,
            _share(c.change_share),
            f"{c.lasting_share:.2f}",
            c.response.kind.value,
            c.sentence,
        )
        for c in cards
    ]
    heads = ("series", "kind", "change", "lasts", "answer", "in words")
    print_table(heads, rows, empty="No series changed its level lately.")
    return 0


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
