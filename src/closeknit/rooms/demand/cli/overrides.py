"""Commands of overrides: list, make, take back, and what they were worth."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

KINDS = ("multiply", "add-per-week", "set-per-week")
REASONS = ("promotion", "launch", "customer-said", "contract", "shutdown", "data-error", "experience", "other")
STATES = ("standing", "withdrawn", "expired")


def add_commands(demand: Any) -> None:
    """Add `overrides`, `override`, `withdraw-override` and `override-value`."""
    listed = demand.add_parser("overrides", help="what people changed in forecasts, newest first")
    listed.add_argument("--operation", default="")
    listed.add_argument("--state", choices=STATES)
    listed.add_argument("--account", default="")
    listed.add_argument("--author", default="", help="part of a name")
    listed.add_argument("--limit", type=arguments.rows, default=200)
    listed.set_defaults(run=_list)
    made = demand.add_parser("override", help="change the forecasts of a place, as the person named by --as")
    add_place(made)
    made.add_argument("--expires", type=arguments.day, metavar="DAY", help="default: the end of the window")
    made.add_argument("--because", choices=REASONS, required=True, help="the kind of reason")
    made.add_argument("--reason", required=True, help="the reason, in a sentence")
    made.add_argument("--no-replan", action="store_true", help="ask for no new forecast and plan")
    made.add_argument("--preview", action="store_true", help="show what it would do and change nothing")
    made.set_defaults(run=_override)
    ended = demand.add_parser("withdraw-override", help="take an override back")
    ended.add_argument("override", type=UUID)
    ended.add_argument("--reason", required=True)
    ended.add_argument("--no-replan", action="store_true", help="ask for no new forecast and plan")
    ended.set_defaults(run=_withdraw)
    value = demand.add_parser("override-value", help="what overriding was worth: the policy table, or by another group")
    value.add_argument(
        "--by",
        dest="group",
        default="cell",
        choices=("cell", "author", "reason", "direction", "service", "region", "tier", "account"),
    )
    value.add_argument("--operation", default="")
    value.set_defaults(run=_value)


def add_place(parser: Any) -> None:
    """Add the arguments that say what to change, where and when."""
    parser.add_argument("operation")
    for part in ("service", "region", "work-class", "tier", "account"):
        parser.add_argument(f"--{part}", default="", help="default: any")
    parser.add_argument("--kind", choices=KINDS, default="multiply")
    parser.add_argument("--size", type=float, required=True, help="a factor such as 1.4, or units per week")
    parser.add_argument("--from", dest="from_on", type=arguments.day, required=True, metavar="DAY")
    parser.add_argument("--to", dest="to_on", type=arguments.day, required=True, metavar="DAY", help="not in it")


def wanted_place(args: argparse.Namespace) -> dict[str, Any]:
    """Return what `add_place` asked for."""
    from closeknit.rooms.demand.contracts import AdjustedPlace, AdjustmentKind

    return {
        "operation": args.operation,
        "place": AdjustedPlace(args.service, args.region, args.work_class, args.tier, args.account),
        "kind": AdjustmentKind(args.kind),
        "size": args.size,
        "from_on": args.from_on,
        "to_on": args.to_on,
    }


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.contracts import OverrideState

    found = reads.list_overrides(
        by=args.by,
        operation=args.operation,
        state=OverrideState(args.state) if args.state else None,
        account_number=args.account,
        author=args.author,
        limit=args.limit,
    )
    if args.json:
        print_json("closeknit.overrides/1", {"overrides": found})
        return 0
    rows = [
        (
            str(x.override_id),
            x.state,
            x.operation,
            x.where,
            x.what,
            x.from_on,
            x.to_on,
            x.author,
            "–" if x.worth is None or x.worth.added_share is None else f"{x.worth.added_share:+.0%}",
        )
        for x in found
    ]
    heads = ("override", "state", "operation", "place", "change", "from", "until before", "by", "added")
    print_table(heads, rows, empty="No override matches that you may see.")
    return 0


def _override(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.actions.override_forecast import override_forecast
    from closeknit.rooms.demand.contracts import OverrideReason, WantedOverride

    wanted = WantedOverride(
        **wanted_place(args),
        expires_on=args.expires or args.to_on,
        reason_kind=OverrideReason(args.because),
        reason=args.reason,
    )
    now = clock.now()
    if args.preview:
        return _print_preview(args, reads.preview_override(wanted, by=args.by, at=now))
    made = override_forecast(wanted, replan=not args.no_replan, by=args.by, at=now)
    jobs.run_until_idle()
    return _print(args, reads.get_override(made, by=args.by))


def _withdraw(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.actions.withdraw_override import withdraw_override

    withdraw_override(args.override, reason=args.reason, replan=not args.no_replan, by=args.by, at=clock.now())
    jobs.run_until_idle()
    return _print(args, reads.get_override(args.override, by=args.by))


def _value(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads

    rows = reads.list_override_value(by=args.by, group=args.group, operation=args.operation)
    if args.json:
        print_json("closeknit.override-value/1", {"group": args.group, "rows": rows})
        return 0
    told = [(row.name, row.overrides, row.better, row.verdict, row.sentence) for row in rows]
    heads = (args.group, "overrides", "better", "verdict", "in words")
    print_table(heads, told, empty="No override was measured yet: its weeks have to pass first.")
    return 0


def _print_preview(args: argparse.Namespace, preview: Any) -> int:
    if args.json:
        print_json("closeknit.override-preview/1", {"preview": preview})
        return 0
    rows = [(week.week_on, week.statistical, week.before, week.after) for week in preview.weeks]
    print_table(("week of", "methods", "now", "then"), rows, empty="Nothing is forecast there.")
    print_table(("how such changes did so far",), [(preview.track_record or "None was measured yet.",)])
    return 0


def _print(args: argparse.Namespace, card: Any) -> int:
    if args.json:
        print_json("closeknit.override/1", {"override": card})
        return 0
    rows = [
        ("override", str(card.override_id)),
        ("state", card.state),
        ("operation", card.operation),
        ("place", card.where),
        ("change", card.what),
        ("days", f"{card.from_on} until before {card.to_on}, expires after {card.expires_on}"),
        ("why", f"{card.reason_kind}: {card.reason}"),
        ("units over the forecast", "–" if card.units_change is None else f"{card.units_change:+,.1f}"),
        ("by", card.author),
        ("thread", str(card.thread_id)),
    ]
    print_table(("what", "value"), rows)
    return 0
