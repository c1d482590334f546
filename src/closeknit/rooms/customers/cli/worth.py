"""Commands of values, scores and tiers by score."""

import argparse
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(customers: Any) -> None:
    """Add `closeknit customers values | scores | tiers`."""
    values = customers.add_group("values", help="what accounts are worth, and what that is made of")
    _listing(values, "the most valuable accounts").set_defaults(run=_list_values)
    _one(values, "one account's value, factor by factor").set_defaults(run=_show_value)
    refresh = values.add_parser("refresh", help="value, score and judge every account as of a day")
    refresh.add_argument("--on", type=arguments.day, metavar="DAY", help="default: this week's Monday")
    refresh.set_defaults(run=_refresh)
    runs = values.add_parser("runs", help="the weeks' runs, with models and digests")
    runs.add_argument("--limit", type=arguments.rows, default=60)
    runs.set_defaults(run=_runs)
    replay = values.add_parser("replay", help="make a run's values again, bit for bit")
    replay.add_argument("run_id", type=UUID, metavar="RUN")
    replay.set_defaults(run=_replay)
    scores = customers.add_group("scores", help="how accounts score, term by term")
    _listing(scores, "the highest scores").set_defaults(run=_list_scores)
    _one(scores, "one account's score, term by term, and what moved it").set_defaults(run=_show_score)
    tiers = customers.add_group("tiers", help="which tier scores and contracts give")
    week = tiers.add_parser("week", help="what the table says this week")
    week.add_argument("--on", type=arguments.day, metavar="DAY")
    week.add_argument("--account", default="", metavar="NUMBER", help="of one account, in all its weeks")
    week.add_argument("--all", action="store_true", help="those that stay, too")
    week.add_argument("--limit", type=arguments.rows, default=200)
    week.set_defaults(run=_week)
    table = tiers.add_parser("table", help="the table of tiers in force")
    table.add_argument("--on", type=arguments.day, metavar="DAY")
    table.add_argument("--text", action="store_true", help="as YAML, to copy and change")
    table.set_defaults(run=_table)
    adopt = tiers.add_parser("adopt", help="adopt another table of tiers")
    adopt.add_argument("file", type=Path)
    adopt.add_argument("--reason", required=True)
    adopt.set_defaults(run=_adopt)


def _listing(group: Any, help_text: str) -> Any:
    parser = group.add_parser("list", help=help_text)
    parser.add_argument("--on", type=arguments.day, metavar="DAY", help="as of a past day")
    parser.add_argument("--tier", default="")
    parser.add_argument("--limit", type=arguments.rows, default=10)
    return parser


def _one(group: Any, help_text: str) -> Any:
    parser = group.add_parser("show", help=help_text)
    parser.add_argument("account_number")
    parser.add_argument("--on", type=arguments.day, metavar="DAY", help="as of a past day")
    return parser


def _at(args: argparse.Namespace) -> datetime:
    from closeknit.kernel import clock

    return clock.check(datetime.combine(args.on, time.max, UTC), where="--on") if args.on else clock.now()


def _list_values(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    found = reads.list_values(by=args.by, at=_at(args), tier=args.tier, limit=args.limit)
    if args.json:
        print_json("closeknit.account-values/1", {"values": found})
        return 0
    rows = [
        (
            card.account_number,
            card.name,
            card.tier,
            card.value,
            card.low,
            card.high,
            card.currency,
            card.kind,
            card.why_not,
        )
        for card in found
    ]
    print_table(
        ("account", "name", "tier", "value", "low", "high", "", "by", "why none"),
        rows,
        empty="No account has been valued yet: closeknit customers values refresh",
    )
    return 0


def _show_value(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    card = reads.get_value(args.account_number, by=args.by, at=_at(args))
    if args.json:
        print_json("closeknit.account-value/1", {"value": card})
        return 0
    if not card.kind:
        print(f"{card.name} has no value: {card.why_not}")
        return 0
    rows = [(factor.name, factor.factor, factor.sentence) for factor in card.factors or ()]
    print_table(("factor", "times", "what it is"), rows, empty="What it is made of is not shown to you.")
    print(f"{card.value} {card.currency} within {card.weeks} weeks, most likely {card.low} to {card.high}.")
    for sentence in filter(None, (card.habit, card.spending)):
        print(sentence)
    print(f"As of {card.as_of_on}, orders until {card.observed_until_on}; before: {card.previous_value}.")
    if card.model:
        print(card.model)
    return 0


def _refresh(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.customers import reads
    from closeknit.rooms.customers.actions.assess_accounts import assess_accounts

    run_id = assess_accounts(on=args.on, by=args.by, at=clock.now())
    jobs.run_until_idle()
    run = reads.get_value_run(run_id, by=args.by)
    if args.json:
        print_json("closeknit.value-run/1", {"run": run})
    else:
        print(f"{run.valued:,} of {run.accounts:,} accounts have a value as of {run.as_of_on}: {run_id}")
    return 0


def _runs(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    found = reads.list_value_runs(by=args.by, limit=args.limit)
    if args.json:
        print_json("closeknit.value-runs/1", {"runs": found})
        return 0
    rows = [(run.as_of_on, run.valued, run.accounts, run.computed_by, run.code_version, run.run_id) for run in found]
    print_table(("as of", "valued", "accounts", "by", "code", "run"), rows, empty="No account has been valued yet.")
    return 0


def _replay(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    is_same, sentence = reads.replay_values(args.run_id, by=args.by)
    if args.json:
        print_json("closeknit.value-replay/1", {"is_same": is_same, "sentence": sentence})
    else:
        print(sentence)
    return 0 if is_same else 1


def _list_scores(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    found = reads.list_scores(by=args.by, at=_at(args), tier=args.tier, limit=args.limit)
    if args.json:
        print_json("closeknit.account-scores/1", {"scores": found})
        return 0
    rows = [
        (card.account_number, card.name, card.tier, card.score, *(term.points for term in card.terms or ()))
        for card in found
    ]
    headings = ("account", "name", "tier", "score", "value", "stays", "strategic", "growth", "cost to serve")
    print_table(headings, rows, empty="No account has a score yet: closeknit customers values refresh")
    return 0


def _show_score(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    card = reads.get_score(args.account_number, by=args.by, at=_at(args))
    if args.json:
        print_json("closeknit.account-score/1", {"score": card})
        return 0
    rows = [
        (
            term.term.value,
            f"{term.weight} %",
            "" if term.measure is None else term.measure / 1000,
            term.points,
            term.sentence,
        )
        for term in card.terms or ()
    ]
    print_table(("term", "weight", "measure", "points", "why"), rows, empty=f"{card.name} has no score yet.")
    if card.score is not None:
        print(f"{card.score} points as of {card.as_of_on}, by {card.rule_version}; orders until {card.data_until_on}.")
    for move in card.moves or ():
        print(f"  {move.points:+} {move.term.value}: {move.sentence}")
    return 0


def _week(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    found = reads.list_tier_weeks(
        by=args.by, at=_at(args), account_number=args.account, moving_only=not args.all, limit=args.limit
    )
    if args.json:
        print_json("closeknit.tier-weeks/1", {"accounts": found})
        return 0
    rows = [
        (card.as_of_on, card.account_number, card.name, card.tier, card.says, card.outcome, card.score, card.because)
        for card in found
    ]
    print_table(("as of", "account", "name", "tier", "says", "outcome", "score", "why"), rows, empty="Nothing moves.")
    return 0


def _table(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    card = reads.get_tier_table(by=args.by, on=_at(args).date())
    if args.json:
        print_json("closeknit.tier-table/1", {"table": card})
    elif args.text:
        print(card.text)
    else:
        print(f"{card.version}: {card.title}, from {card.effective_from}. {card.reason}")
        shown = [(row.number, row.asked, row.then, row.because) for row in card.rows]
        print_table(("row", "where", "tier", "because"), shown)
    return 0


def _adopt(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.customers.actions.adopt_tier_table import adopt_tier_table

    try:
        text = args.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise Invalid(f"The file cannot be read: {failure}.", where=str(args.file), todo="Give a text file.") from None
    version = adopt_tier_table(text, reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.tier-table-adopted/1", {"version": version})
    else:
        print(f"Adopted {version}.")
    return 0
