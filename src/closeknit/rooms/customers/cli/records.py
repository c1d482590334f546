"""Commands of who an account is: claims, merges, pairs that may be one, and what is said to be wrong."""

import argparse
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table, share_text
from closeknit.rooms.org.contracts import Permission


def add_commands(customers: Any) -> None:
    """Add `closeknit customers profile | merge | split | link | matches | disputes | survivorship`."""
    profile = customers.add_parser("profile", help="which source says what of an account, and whose word counts")
    profile.add_argument("account_number")
    profile.add_argument("--on", type=arguments.day, metavar="DAY", help="as known at the end of a day")
    profile.set_defaults(run=_profile)
    merge = customers.add_parser("merge", help="propose that one account is another name of another")
    merge.add_argument("kept_number")
    merge.add_argument("absorbed_number")
    merge.add_argument("--reason", required=True)
    merge.set_defaults(run=_merge)
    split = customers.add_parser("split", help="undo a merge")
    split.add_argument("merge", type=UUID)
    split.add_argument("--reason", required=True)
    split.set_defaults(run=_split)
    link = customers.add_parser("link", help="say whose a record is")
    link.add_argument("record", type=int)
    link.add_argument("account_number", help='"" for nobody\'s')
    link.add_argument("--reason", required=True)
    link.set_defaults(run=_link)
    unlinked = customers.add_parser("unlinked", help="records that a system has of no account of ours")
    unlinked.add_argument("--limit", type=arguments.rows, default=100)
    unlinked.set_defaults(run=_unlinked)
    _add_groups(customers)


def _add_groups(customers: Any) -> None:
    matches = customers.add_group("matches", help="records that may be one account")
    listing = matches.add_parser("list", help="pairs, surest first")
    listing.add_argument("--state", default="waiting", choices=("waiting", "joined", "different"))
    listing.add_argument("--limit", type=arguments.rows, default=100)
    listing.set_defaults(run=_matches)
    judge = matches.add_parser("judge", help="say whether two are one")
    judge.add_argument("match", type=UUID)
    judge.add_argument("verdict", choices=("one", "two"))
    judge.add_argument("--reason", required=True)
    judge.set_defaults(run=_judge)
    disputes = customers.add_group("disputes", help="what is said to be wrong")
    standing = disputes.add_parser("list", help="open ones first")
    standing.add_argument("--account", default="", metavar="NUMBER")
    standing.add_argument("--limit", type=arguments.rows, default=100)
    standing.set_defaults(run=_disputes)
    report = disputes.add_parser("report", help="say that a fact is wrong")
    report.add_argument("account_number")
    report.add_argument("field")
    report.add_argument("text")
    report.add_argument("--suggest", default="", metavar="VALUE")
    report.set_defaults(run=_report)
    answer = disputes.add_parser("answer", help="correct it, or say that it stands")
    answer.add_argument("dispute", type=UUID)
    answer.add_argument("answer", help="how you know")
    answer.add_argument("--correct-to", metavar="VALUE", help="the right value; without it the fact stands")
    answer.set_defaults(run=_answer)
    rules = customers.add_group("survivorship", help="which source's word counts")
    rules.add_parser("show", help="the rules in force").set_defaults(run=_rules)
    setting = rules.add_parser("set", help="set rules from a YAML file")
    setting.add_argument("file", type=Path)
    setting.add_argument("--reason", required=True)
    setting.set_defaults(run=_set_rules)


def _profile(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads

    args.by.require(Permission.READ_RECORDS)
    at = clock.check(datetime.combine(args.on, time.max, UTC), where="--on") if args.on else clock.now()
    found = reads.get_profile(args.account_number, by=args.by, at=at)
    if args.json:
        print_json("closeknit.account-profile/1", {"profile": found})
        return 0
    rows = [
        (
            fact.field,
            (claim.value if claim.value is not None else claim.personal_value) if claim else "",
            f"{claim.system} {claim.record_key}" if claim else "",
            claim.age_days if claim else None,
            fact.rule,
            len(fact.others),
        )
        for fact in found.fields
        for claim in (fact.survives,)
    ]
    print_table(("field", "value", "source", "days old", "why it counts", "other words"), rows)
    if found.aliases:
        print(f"Also known as {', '.join(found.aliases)}.")
    return 0


def _merge(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.customers import reads
    from closeknit.rooms.customers.actions.merge_accounts import merge_accounts

    proposal_id = merge_accounts(args.kept_number, args.absorbed_number, reason=args.reason, by=args.by, at=clock.now())
    jobs.run_until_idle()
    merges = [m for m in reads.list_merges(args.kept_number, by=args.by) if m.split_at is None]
    if args.json:
        print_json("closeknit.account-merge/1", {"proposal_id": proposal_id, "merges": merges})
    elif any(m.absorbed_number == args.absorbed_number for m in merges):
        print(f"{args.absorbed_number} is another name of {args.kept_number}.")
    else:
        print(f"Proposed: {proposal_id}. The two stay two until it is approved.")
    return 0


def _split(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads
    from closeknit.rooms.customers.actions.split_accounts import split_accounts

    split_accounts(args.merge, reason=args.reason, by=args.by, at=clock.now())
    merge = reads.get_merge(args.merge, by=args.by)
    if args.json:
        print_json("closeknit.account-split/1", {"merge": merge})
    else:
        print(f"{merge.absorbed_number} stands for itself again.")
    return 0


def _link(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.link_record import link_record

    link_record(args.record, args.account_number, reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.record-link/1", {"record_id": args.record, "account_number": args.account_number})
    else:
        print(f"Record {args.record} is {args.account_number or 'nobody'}'s.")
    return 0


def _unlinked(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    found = reads.list_unlinked_records(by=args.by, limit=args.limit)
    if args.json:
        print_json("closeknit.unlinked-records/1", {"records": found})
        return 0
    rows = [(each.record_id, each.system, each.record_key, each.name, each.industry, each.place) for each in found]
    headings = ("record", "system", "key", "says it is", "industry", "place")
    print_table(headings, rows, empty="Every record that you may see has its account.")
    return 0


def _matches(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads
    from closeknit.rooms.customers.contracts import MatchState

    args.by.require(Permission.READ_RECORDS)
    found = reads.list_matches(by=args.by, state=MatchState(args.state), limit=args.limit)
    if args.json:
        print_json("closeknit.record-matches/1", {"matches": found})
        return 0
    rows = [
        (
            str(card.match_id),
            f"{card.first.name} ({card.first.account_number or 'nobody'})",
            f"{card.second.name} ({card.second.account_number or 'nobody'})",
            card.total_bits,
            share_text(card.probability),
        )
        for card in found
    ]
    print_table(("pair", "one", "the other", "bits", "chance"), rows, empty="No pair of that state that you may see.")
    return 0


def _judge(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads
    from closeknit.rooms.customers.actions.link_record import judge_match

    proposal_id = judge_match(args.match, are_one=args.verdict == "one", reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        match = reads.get_match(args.match, by=args.by)
        print_json("closeknit.record-match/1", {"match": match, "proposal_id": proposal_id})
    else:
        print(f"Proposed the merge: {proposal_id}." if proposal_id else "Your word is kept.")
    return 0


def _disputes(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads

    args.by.require(Permission.READ_RECORDS)
    found = reads.list_disputes(by=args.by, at=clock.now(), account_number=args.account, limit=args.limit)
    if args.json:
        print_json("closeknit.disputes/1", {"disputes": found})
        return 0
    rows = [
        (str(c.dispute_id), c.account_number, c.field, c.state, c.answered_by or c.assigned_to, f"{c.due_at:%Y-%m-%d}")
        for c in found
    ]
    print_table(
        ("dispute", "account", "field", "state", "who answers", "due"), rows, empty="Nothing is said to be wrong."
    )
    return 0


def _report(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.report_wrong_fact import report_wrong_fact

    dispute_id = report_wrong_fact(
        args.account_number, args.field, text=args.text, suggested=args.suggest, by=args.by, at=clock.now()
    )
    return _show_dispute(args, dispute_id)


def _answer(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.answer_dispute import answer_dispute

    answer_dispute(args.dispute, corrected=args.correct_to, answer=args.answer, by=args.by, at=clock.now())
    return _show_dispute(args, args.dispute)


def _show_dispute(args: argparse.Namespace, dispute_id: UUID) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads

    card = reads.get_dispute(dispute_id, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.dispute/1", {"dispute": card})
    elif card.answered_by:
        print(f"{card.field} of {card.account_number}: {card.state}, says {card.answered_by}.")
    else:
        print(f"{dispute_id}: {card.assigned_to} Due {card.due_at:%Y-%m-%d}.")
    return 0


def _rules(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads

    rules = reads.get_survivorship(by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.survivorship/1", {"rules": rules})
        return 0
    rows = [(", ".join(g.fields), ", ".join(g.by), ", ".join(g.systems)) for g in rules.groups]
    print_table(("fields that survive together", "by", "systems"), rows)
    return 0


def _set_rules(args: argparse.Namespace) -> int:
    import yaml

    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.customers.actions.set_survivorship import set_survivorship
    from closeknit.rooms.customers.contracts import groups_of_plain

    try:
        data = yaml.safe_load(args.file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as failure:
        raise Invalid(
            f"The rules cannot be read: {failure}", where=str(args.file), todo="Give a YAML file."
        ) from failure
    version = set_survivorship(groups_of_plain(data), reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.survivorship-set/1", {"version": version})
    else:
        print(f"Version {version} counts from now on.")
    return 0
