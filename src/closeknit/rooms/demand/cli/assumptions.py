"""Commands of assumptions: list, record, take back, and try them in a scenario."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table
from closeknit.rooms.demand.cli.overrides import add_place, wanted_place

STATES = ("open", "withdrawn", "held", "not-held", "unchecked")


def add_commands(demand: Any) -> None:
    """Add `assumptions`, `assume`, `withdraw-assumption` and `scenario`."""
    listed = demand.add_parser("assumptions", help="what is assumed of peak times, and whether it held")
    listed.add_argument("--operation", default="")
    listed.add_argument("--scenario", default="")
    listed.add_argument("--state", choices=STATES)
    listed.add_argument("--account", default="")
    listed.add_argument("--limit", type=arguments.rows, default=200)
    listed.set_defaults(run=_list)
    made = demand.add_parser("assume", help="record an assumption, as the person named by --as")
    add_place(made)
    made.add_argument("--scenario", required=True, help="the scenario that tries it")
    made.add_argument("--statement", required=True, help="the assumption, in a sentence")
    made.add_argument("--peak", action="store_true", help="it speaks of the busiest week of the window only")
    made.set_defaults(run=_assume)
    ended = demand.add_parser("withdraw-assumption", help="take an assumption back")
    ended.add_argument("assumption", type=UUID)
    ended.add_argument("--reason", required=True)
    ended.set_defaults(run=_withdraw)
    tried = demand.add_parser("scenario", help="forecast under the open assumptions of a scenario; plans nothing")
    tried.add_argument("operation")
    tried.add_argument("scenario")
    tried.add_argument("--weeks", type=int, default=8)
    tried.set_defaults(run=_try)


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.contracts import AssumptionState

    found = reads.list_assumptions(
        by=args.by,
        operation=args.operation,
        scenario=args.scenario,
        state=AssumptionState(args.state) if args.state else None,
        account_number=args.account,
        limit=args.limit,
    )
    if args.json:
        print_json("closeknit.assumptions/1", {"assumptions": found})
        return 0
    rows = [
        (str(x.assumption_id), x.state, x.scenario, x.where, x.what, x.from_on, x.to_on, x.author, x.verdict)
        for x in found
    ]
    heads = ("assumption", "state", "scenario", "place", "assumed", "from", "until before", "by", "what came")
    print_table(heads, rows, empty="No assumption matches that you may see.")
    return 0


def _assume(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.actions.record_assumption import record_assumption
    from closeknit.rooms.demand.contracts import WantedAssumption

    wanted = WantedAssumption(**wanted_place(args), scenario=args.scenario, statement=args.statement, is_peak=args.peak)
    made = record_assumption(wanted, by=args.by, at=clock.now())
    return _print(args, reads.get_assumption(made, by=args.by))


def _withdraw(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.actions.withdraw_assumption import withdraw_assumption

    withdraw_assumption(args.assumption, reason=args.reason, by=args.by, at=clock.now())
    return _print(args, reads.get_assumption(args.assumption, by=args.by))


def _try(args: argparse.Namespace) -> int:
    from closeknit.kernel import jobs
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.actions.request_scenario import request_scenario
    from closeknit.rooms.demand.contracts import RunPurpose

    thread_id = request_scenario(args.operation, args.scenario, weeks=args.weeks, by=args.by)
    jobs.run_until_idle()
    runs = reads.list_runs(by=args.by, operation=args.operation, purpose=RunPurpose.SCENARIO)
    run = next((run for run in runs if run.scenario == args.scenario), None)
    if args.json:
        print_json("closeknit.scenario/1", {"thread_id": thread_id, "run": run})
        return 0
    changes = reads.list_applied_adjustments(run.run_id, by=args.by) if run else []
    rows = [(one.adjustment.source, one.adjustment.reason, one.outcome, one.units_change) for one in changes]
    print_table(("source", "what", "outcome", "units"), rows)
    return 0


def _print(args: argparse.Namespace, card: Any) -> int:
    if args.json:
        print_json("closeknit.assumption/1", {"assumption": card})
        return 0
    rows = [
        ("assumption", str(card.assumption_id)),
        ("state", card.state),
        ("scenario", card.scenario),
        ("place", card.where),
        ("assumed", f"{card.what}{' in the busiest week' if card.is_peak else ''}"),
        ("days", f"{card.from_on} until before {card.to_on}"),
        ("statement", card.statement),
        ("what came", card.verdict or "not over yet"),
        ("by", card.author),
        ("thread", str(card.thread_id)),
    ]
    print_table(("what", "value"), rows)
    return 0
