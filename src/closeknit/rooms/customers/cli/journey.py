"""Commands of the journey map."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

STAGES = ("learn", "buy", "receive", "use", "get help", "renew")


def add_commands(customers: Any) -> None:
    """Add `closeknit customers journey ...`."""
    journey = customers.add_group(
        "journey", help="where customers meet us, to whom that goes, and where it falls short"
    )
    show = journey.add_parser("show", help="the map with what was observed and its gaps")
    show.add_argument("--account", default="", metavar="NUMBER", help="of one account; without it of all")
    show.add_argument("--days", type=arguments.rows, default=28)
    show.set_defaults(run=_show)
    put = journey.add_parser("set", help="put a touchpoint on the map, or state one anew (--touchpoint)")
    put.add_argument("name")
    put.add_argument("stage", choices=STAGES)
    put.add_argument("operation")
    put.add_argument("--service", default="")
    put.add_argument("--channel", default="")
    put.add_argument("--queue", default="", help="the internal queue or pool that answers")
    put.add_argument("--owner", default="", metavar="KEY", help="such as person:3")
    put.add_argument("--answer-within", type=arguments.span, required=True, metavar="4h")
    put.add_argument("--by-hand", action="store_true", help="somebody reads each one to find its queue")
    put.add_argument("--touchpoint", type=UUID)
    put.set_defaults(run=_set)
    end = journey.add_parser("end", help="take a touchpoint off the map")
    end.add_argument("touchpoint", type=UUID)
    end.set_defaults(run=_end)


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads

    journey = reads.get_journey(account_number=args.account, days=args.days, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.journey/1", {"journey": journey})
        return 0
    print_table(
        ("stage", "touchpoint", "queue", "owner", "came", "median minutes", "gaps"),
        [
            (
                card.plan.stage.value if card.touchpoint_id else "",
                card.plan.name,
                card.plan.queue,
                card.owner,
                card.count,
                card.median_minutes,
                ", ".join(gap.value for gap in card.gaps),
            )
            for card in (*journey.touchpoints, *journey.unmapped)
        ],
        empty="Nothing is on the map, and nothing came.",
    )
    return 0


def _set(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.set_touchpoint import set_touchpoint
    from closeknit.rooms.customers.contracts.journey import Stage, TouchpointPlan, Triage

    plan = TouchpointPlan(
        name=args.name,
        stage=Stage(args.stage),
        operation=args.operation,
        service=args.service,
        channel=args.channel,
        queue=args.queue,
        owner_key=args.owner,
        answer_within_minutes=int(args.answer_within),
        triage=Triage.HAND if args.by_hand else Triage.RULE,
    )
    touchpoint_id = set_touchpoint(plan, touchpoint_id=args.touchpoint, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.touchpoint/1", {"touchpoint_id": touchpoint_id})
    else:
        print(f"On the map: {touchpoint_id}")
    return 0


def _end(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.set_touchpoint import end_touchpoint

    end_touchpoint(args.touchpoint, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.touchpoint/1", {"touchpoint_id": args.touchpoint})
    else:
        print("Off the map from now on.")
    return 0
