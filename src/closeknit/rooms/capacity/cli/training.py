"""Commands of training."""

import argparse
from decimal import Decimal
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

HIDDEN = "not shown"


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity training`."""
    training = capacity.add_parser("training", help="who should learn what, for the most service per training hour?")
    training.add_argument("operation", help="its plan in force, or its newest draft")
    training.add_argument("--plan", type=UUID, default=None)
    training.add_argument("--hours", type=arguments.number, default=None, help="of training that a programme may take")
    training.add_argument(
        "--without-skills-held", action="store_true", help="as planned: nobody helps elsewhere by skills held already"
    )
    training.set_defaults(run=_show)


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads
    from closeknit.rooms.capacity.contracts.training import TrainingAsked

    asked = TrainingAsked(None if args.hours is None else float(args.hours), not args.without_skills_held)
    case = reads.get_training_case(asked, operation=args.operation, plan_id=args.plan, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.training/1", {"training": case})
        return 0
    print(f"{case.operation}, {case.weeks} weeks from {case.first_on}. Amounts in {case.currency}. {case.verdict}")
    rows = [
        (
            ", ".join(each.person for each in row.people[:4]) + (" …" if len(row.people) > 4 else ""),
            row.pool,
            row.to_pool,
            "not stated" if row.training_hours is None else row.training_hours,
            _shown(row.worth_per_week),
            _shown(row.worth_per_training_hour),
            HIDDEN if row.weeks_to_pay is None else row.weeks_to_pay,
        )
        for row in (*case.options, *case.unranked)
    ]
    heads = ("one of", "works in", "learns for", "training h", "worth a week", "per training h", "weeks to pay")
    print_table(heads, rows, empty="No training saves overtime or a shortage.")
    for number, step in enumerate(case.programme, 1):
        print(f"  {number}. {step.person} learns for {step.to_pool}, {step.training_hours:g} h: {step.sentence}")
    if case.unstated:
        print(f"  Nobody said how long it takes to learn: {', '.join(case.unstated)}.")
    for sentence in case.assumptions:
        print(f"  assumed: {sentence}")
    return 0


def _shown(amount: Decimal | None) -> str:
    return HIDDEN if amount is None else f"{amount:,.2f}"
