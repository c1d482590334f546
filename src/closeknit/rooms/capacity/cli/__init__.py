"""Commands of capacity: plan, and look at plans."""

import argparse
import sys
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table, share_text
from closeknit.rooms.capacity.cli import (
    buffers,
    dedicated,
    differences,
    levels,
    prices,
    quotes,
    rosters,
    scenarios,
    shortage,
    staffing,
    stock,
    today,
    training,
)

WITHHELD = "withheld"
SHORT_SHOWN = 20


def add_commands(commands: Any) -> None:
    """Add `closeknit plan`, `closeknit staff` and `closeknit capacity ...`."""
    plan = commands.add_parser("plan", help="forecast, size, allocate, price and propose: the main job")
    plan.add_argument("--operation", default="", help="one operation (default: every one with pools)")
    plan.add_argument("--weeks", type=int, help="default: capacity.planning_weeks, or what the lead times ask for")
    plan.add_argument("--as-of", type=arguments.instant, default=None, help="an ISO instant: use only data before it")
    plan.set_defaults(run=_plan)
    capacity = commands.add_group("capacity", help="pools, plans, who is served and who is short")
    pools = capacity.add_parser("pools", help="list pools")
    pools.set_defaults(run=_list_pools)
    plans = capacity.add_parser("plans", help="list plans, newest first")
    plans.add_argument("--operation", default="")
    plans.set_defaults(run=_list_plans)
    show = capacity.add_parser("show", help="one plan by pool and week, and who is short")
    show.add_argument("plan", type=UUID)
    show.set_defaults(run=_show_plan)
    replay = capacity.add_parser("replay", help="compute a plan again from its snapshot and compare every bit")
    replay.add_argument("plan", type=UUID)
    replay.set_defaults(run=_replay_plan)
    staffing.add_commands(commands, capacity)
    buffers.add_commands(capacity)
    dedicated.add_commands(capacity)
    differences.add_commands(capacity)
    levels.add_commands(capacity)
    prices.add_commands(capacity)
    quotes.add_commands(capacity)
    rosters.add_commands(capacity)
    scenarios.add_commands(capacity)
    shortage.add_commands(capacity)
    stock.add_commands(capacity)
    today.add_commands(capacity)
    training.add_commands(capacity)


def _plan(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.capacity import reads
    from closeknit.rooms.capacity.actions.start_plan import start_plan

    operations = [args.operation] if args.operation else reads.list_operations_planned(by=args.by)
    if not operations:
        raise Invalid("There is nothing to plan.", todo="Load data first: closeknit load RECIPE PATH.")
    made = []
    for operation in operations:
        _say(args, f"Planning {operation} …")
        weeks = args.weeks
        if weeks is None:
            weeks = reads.get_planning_weeks(operation, at=clock.now(), by=args.by)
        thread_id = start_plan(operation, weeks=weeks, as_of=args.as_of, by=args.by)
        jobs.run_until_idle()
        made.append((operation, thread_id))
    return _report(args, made)


def _report(args: argparse.Namespace, made: list[tuple[str, UUID]]) -> int:
    from closeknit.kernel.errors import Conflict
    from closeknit.rooms.capacity import reads
    from closeknit.rooms.decisions import reads as decisions

    results = []
    for operation, thread_id in made:
        plan = reads.find_plan_of_thread(thread_id, by=args.by)
        if plan is None:
            raise Conflict(f"The plan of {operation} is not there yet.", where=f"thread {thread_id}")
        proposal = decisions.find_proposal_about(f"plan:{plan.plan_id}", by=args.by)
        results.append({"thread_id": thread_id, "plan": plan, "proposal": proposal})
        if not args.json:
            print(f"{operation}: {proposal.summary if proposal else ''}")
            stands = "" if plan.thread_id == thread_id else ", unchanged: nothing new came in"
            print(f"  plan {plan.plan_id} is {plan.state.value}{stands}; thread {thread_id}")
            if proposal and proposal.state.value == "waiting":
                failing = [v.sentence for v in proposal.verdicts if not v.holds]
                print(f"  waits for a person: {' '.join(failing)}")
                print(f"  closeknit decisions approve {proposal.proposal_id} --as NAME")
    if args.json:
        print_json("closeknit.plan-run/1", {"results": results})
    return 0


def _list_pools(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity import reads

    pools = reads.list_pools(by=args.by)
    if args.json:
        print_json("closeknit.pools/1", {"pools": pools})
    else:
        rows = [(p.pool, p.operation, p.unit, p.staffing, p.handle_minutes, f"{float(p.shrinkage):.1%}") for p in pools]
        print_table(("pool", "operation", "unit", "staffing", "handle min", "shrinkage"), rows)
    return 0


def _share(value: float | None) -> str:
    return WITHHELD if value is None else share_text(value)


def _list_plans(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity import reads

    plans = reads.list_plans(by=args.by, operation=args.operation)
    if args.json:
        print_json("closeknit.plans/1", {"plans": plans})
    else:
        rows = [
            (p.operation, p.first_on, p.weeks, p.state, _share(p.coverage_share), p.short_hours, p.plan_id)
            for p in plans
        ]
        print_table(
            ("operation", "from", "weeks", "state", "covers", "short h", "plan"),
            rows,
            empty="No plan yet: closeknit plan.",
        )
    return 0


def _show_plan(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity import reads

    plan = reads.get_plan(args.plan, by=args.by)
    weeks = reads.list_pool_weeks(args.plan, by=args.by)
    withheld = reads.list_withheld_pools(args.plan, by=args.by)
    short = reads.list_claims(args.plan, only_short=True, by=args.by)
    if args.json:
        print_json("closeknit.plan/1", {"plan": plan, "pool_weeks": weeks, "withheld_pools": withheld, "short": short})
        return 0
    covers = (
        f"its totals are {WITHHELD}"
        if plan.need_hours is None
        else f"covers {_share(plan.coverage_share)} of {plan.need_hours:,.0f} needed hours"
    )
    print(
        f"{plan.operation}, {plan.weeks} weeks from {plan.first_on}, {plan.state}: {covers}."
        f" Amounts in {plan.currency}."
    )
    for name in withheld:
        print(f"{name} is {WITHHELD}: its numbers would tell too much of one of the other accounts.")
    print_table(
        ("pool", "week of", "need h", "has h", "overtime h", "short h", "one more h", "one more unit"),
        [
            (
                w.pool,
                w.week_on,
                w.need_hours,
                w.capacity_hours,
                w.overtime_hours,
                w.short_hours,
                w.price_per_hour,
                w.one_more_unit_worth,
            )
            for w in weeks
        ],
    )
    if short:
        print("Who is short, the dearest first:")
    for claim in short[:SHORT_SHOWN]:
        who = claim.account_number or f"tier {claim.tier}, planned together"
        print(f"  {claim.week_on} {claim.pool}, {who}: {claim.sentence}")
    if len(short) > SHORT_SHOWN:
        print(f"  … and {len(short) - SHORT_SHOWN} more; --json has all of them.")
    for sentence in plan.assumptions:
        print(f"  assumed: {sentence}")
    return 0


def _replay_plan(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity.actions.replay_plan import replay_plan

    replay = replay_plan(args.plan, by=args.by)
    if args.json:
        print_json("closeknit.replay/1", {"replay": replay})
    else:
        verdict = "the same, bit for bit" if replay.same else "DIFFERENT"
        print(f"Replayed {replay.plan_id}: {verdict}.\n  then {replay.stored_digest}\n  now  {replay.replayed_digest}")
    return 0 if replay.same else 1


def _say(args: argparse.Namespace, sentence: str) -> None:
    if not args.json:
        print(sentence, file=sys.stderr)
