"""Commands of the decision table."""

import argparse
from pathlib import Path
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(decisions: Any) -> None:
    """Add `closeknit decisions policy ...`."""
    policy = decisions.add_group("policy", help="who decides what: the decision table")
    show = policy.add_parser("show", help="show the table in force")
    show.add_argument("--version", dest="version", default="", help="an earlier version")
    show.add_argument("--yaml", action="store_true", help="print the text it was read from")
    show.set_defaults(run=_show)
    policy.add_parser("versions", help="list every version").set_defaults(run=_list)
    check = policy.add_parser("check", help="prove that a file leaves no case without a row and none with two")
    check.add_argument("file", type=Path)
    check.set_defaults(run=_check)
    adopt = policy.add_parser("adopt", help="put a file in force")
    adopt.add_argument("file", type=Path)
    adopt.add_argument("--reason", required=True, help="a sentence for the ledger")
    adopt.set_defaults(run=_adopt)


def _show(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    card = reads.get_policy(args.version, by=args.by)
    if args.yaml and not args.json:
        print(card.text, end="")
        return 0
    return _print(args, card)


def _print(args: argparse.Namespace, card: Any) -> int:
    if args.json:
        print_json("closeknit.policy/1", {"policy": card})
        return 0
    print(f"{card.title}, {card.version} ({card.digest[:16]})")
    for kind in card.kinds:
        print(f"\n{kind.title} ({kind.kind})")
        for rule in kind.rules:
            print(f"  rule {rule}")
        print_table(
            ("row", "tier", "money", "rules", "then"),
            [(str(row.number), row.tier, row.money, row.rules, row.outcome) for row in kind.rows],
        )
    return 0


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    versions = reads.list_policy_versions(by=args.by)
    if args.json:
        print_json("closeknit.policy-versions/1", {"versions": versions})
    else:
        rows = [
            (v.version, "in force" if v.in_force else "", v.adopted_by, v.adopted_at, v.reason, v.digest[:16])
            for v in versions
        ]
        print_table(("version", "", "adopted by", "at (UTC)", "why", "sha256"), rows)
    return 0


def _check(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    return _print(args, reads.check_policy(_text(args.file), by=args.by))


def _adopt(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.adopt_policy import adopt_policy

    thread_id = adopt_policy(_text(args.file), reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.policy-adopted/1", {"thread_id": thread_id})
    else:
        print(f"In force from now on. Thread {thread_id}.")
    return 0


def _text(path: Path) -> str:
    from closeknit.kernel.errors import Invalid

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise Invalid(f"The file cannot be read: {failure}.", where=str(path), todo="Give a YAML file.") from None
