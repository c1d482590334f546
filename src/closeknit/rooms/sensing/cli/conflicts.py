"""See where feeds disagree, and settle it."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel.output import print_json, print_table


def add_commands(sensing: Any) -> None:
    """Add the commands of conflicts."""
    show = sensing.add_parser("conflicts", help="where feeds disagree on what a field is")
    show.add_argument("--feed", default="")
    show.add_argument("--settled", action="store_true", help="also those that were settled")
    show.set_defaults(run=_list)
    settle = sensing.add_parser("both-right", help="say that both feeds of a conflict are right")
    settle.add_argument("conflict", type=UUID)
    settle.add_argument("--why", required=True)
    settle.set_defaults(run=_settle)
    rules = sensing.add_parser("conflict-rules", help="what a rule would change in the recipe of either feed")
    rules.add_argument("conflict", type=UUID)
    rules.set_defaults(run=_rules)
    apply = sensing.add_parser("apply-rule", help="let one feed of a conflict follow the other, by a rule")
    apply.add_argument("conflict", type=UUID)
    apply.add_argument("feed", help="the feed whose recipe changes")
    apply.add_argument("--why", required=True)
    apply.set_defaults(run=_apply)


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    cards = reads.list_conflicts(feed=args.feed, also_settled=args.settled, by=args.by)
    if args.json:
        print_json("closeknit.feed-conflicts/1", {"conflicts": cards})
        return 0
    rows = [(c.conflict_id, c.kind, c.sentence, c.rule, c.steward or "the stewards", c.due_at, c.state) for c in cards]
    print_table(
        ("conflict", "in", "what", "rule", "who", "due (UTC)", "state"), rows, empty="Feeds agree as far as is known."
    )
    return 0


def _settle(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing.actions.settle_conflict import settle_conflict

    card = settle_conflict(args.conflict, why=args.why, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.feed-conflict/1", {"conflict": card})
    else:
        print(f"Both are right: {card.sentence}")
    return 0


def _rules(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    changes = reads.list_rule_changes(args.conflict, by=args.by)
    if args.json:
        print_json("closeknit.conflict-rules/1", {"rules": changes})
        return 0
    rows = [(c.feed, c.follows, c.why_not or "\n".join(c.before), "\n".join(c.after)) for c in changes]
    print_table(("recipe of", "would follow", "instead of", "it says"), rows, empty="No rule follows.")
    return 0


def _apply(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing.actions.apply_rule import apply_rule

    card = apply_rule(args.conflict, args.feed, why=args.why, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.feed-conflict/1", {"conflict": card})
    else:
        print(f"The recipe of {args.feed} has the rule; its next load is read by it. The conflict is {card.state}.")
    return 0
