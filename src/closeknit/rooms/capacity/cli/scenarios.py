"""Commands of scenarios."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table, share_text


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity scenarios`."""
    scenarios = capacity.add_group("scenarios", help="what if demand, hours or promises were others?")
    listing = scenarios.add_parser("list", help="list them, newest first")
    listing.add_argument("--operation", default="")
    listing.add_argument("--limit", type=arguments.rows, default=50)
    listing.set_defaults(run=_list)
    save = scenarios.add_parser("save", help="compute one and keep what it comes to")
    save.add_argument("name")
    save.add_argument("--operation", default="", help="its plan in force, or its newest draft")
    save.add_argument("--plan", type=UUID, default=None)
    save.add_argument("--preset", choices=("launch", "surge", "outage", "fail-over"), default=None)
    save.add_argument("--demand", type=arguments.number, default=None, help="all demand times this")
    save.add_argument("--service", default="", help="with --demand: of this service only")
    save.add_argument("--pool", default="")
    save.add_argument("--hours", type=arguments.number, default=1.0, help="with --pool: its hours times this")
    save.add_argument("--units", type=float, default=0.0, help="with --pool: units more")
    save.add_argument("--from", dest="from_on", type=arguments.day, default=None)
    save.add_argument("--weeks", type=int, default=None)
    save.set_defaults(run=_save)
    compare = scenarios.add_parser("compare", help="up to four, beside the plan as it is")
    compare.add_argument("scenario", type=UUID, nargs="+")
    compare.set_defaults(run=_compare)


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity import reads

    found = reads.list_scenarios(by=args.by, operation=args.operation, limit=args.limit)
    if args.json:
        print_json("closeknit.scenarios/1", {"scenarios": found})
        return 0
    rows = [
        (c.operation, c.name, " ".join(c.change_sentences), share_text(c.outcome.coverage_share), c.scenario_id)
        for c in found
    ]
    print_table(("operation", "name", "changes", "covers", "scenario"), rows, empty="No scenario yet.")
    return 0


def _save(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.save_scenario import save_scenario
    from closeknit.rooms.capacity.contracts import DemandChange, PlanChanges, PoolChange, StressPreset

    when = {"from_on": args.from_on, "weeks": args.weeks}
    demand = () if args.demand is None else (DemandChange(float(args.demand), service=args.service, **when),)
    pool = PoolChange(args.pool, hours_factor=float(args.hours), extra_units=args.units, **when)
    changes = PlanChanges(demand=demand, pools=(pool,) if args.pool else ())
    preset = StressPreset(args.preset) if args.preset else None
    scenario_id = save_scenario(
        args.name,
        changes,
        preset=preset,
        operation=args.operation,
        plan_id=args.plan,
        by=args.by,
        at=clock.now(),
    )
    args.scenario = [scenario_id]
    return _compare(args)


def _compare(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity import reads

    found = reads.compare_scenarios(args.scenario, by=args.by)
    if args.json:
        print_json("closeknit.scenario-comparison/1", {"comparison": found})
        return 0
    columns = [("as planned", found.as_planned), *((card.name, card.outcome) for card in found.scenarios)]
    rows = [
        (name, share_text(o.coverage_share), o.short_hours, o.overtime_hours, o.shortfall_cost, o.claimants_short)
        for name, o in columns
    ]
    print_table(("scenario", "covers", "short h", "overtime h", "shortfall costs", "short"), rows)
    for name, outcome in columns:
        for pool in outcome.simulated:
            print(
                f"  {name}, {pool.pool}, week of {pool.week_on}: {share_text(pool.served_share)} ± "
                f"{share_text(pool.half_width_share)} simulated, {share_text(pool.promised_share)} promised"
            )
    return 0
