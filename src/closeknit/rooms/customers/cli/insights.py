"""Commands of what people know of accounts."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table, share_text

TOPICS = ("promotion", "launch", "expansion", "reduction", "shutdown", "season", "contract", "other")


def add_commands(customers: Any) -> None:
    """Add `closeknit customers insights | insight`."""
    insights = customers.add_group("insights", help="what people know of accounts, and how right they were")
    listing = insights.add_parser("list", help="what is known: what stands first")
    listing.add_argument("--account", default="", metavar="NUMBER")
    listing.add_argument("--state", default="", choices=("", "standing", "withdrawn", "expired", "settled"))
    listing.add_argument("--author", default="", metavar="KEY", help="such as person:3")
    listing.add_argument("--limit", type=arguments.rows, default=100)
    listing.set_defaults(run=_list)
    authors = insights.add_parser("authors", help="how right each author has been")
    authors.set_defaults(run=_authors)
    insight = customers.add_group("insight", help="record, show, renew, take back or settle one insight")
    show = insight.add_parser("show", help="show one")
    show.add_argument("insight", type=UUID)
    show.set_defaults(run=_show)
    record = insight.add_parser("record", help="record what you know of an account")
    record.add_argument("account_number")
    record.add_argument("direction", choices=("up", "down"))
    record.add_argument("size", type=_size, help="30%% of its usual work, or 120 units a week")
    record.add_argument("--chance", type=arguments.share, required=True, help="70%% or 0.7")
    record.add_argument("--from", dest="from_on", type=arguments.day, required=True, metavar="DAY")
    record.add_argument("--to", dest="to_on", type=arguments.day, required=True, metavar="DAY", help="first day after")
    record.add_argument("--expires", type=arguments.day, metavar="DAY", help="from then on it counts no more")
    record.add_argument("--topic", choices=TOPICS, default="other")
    record.add_argument("--service", default="")
    record.add_argument("--region", default="")
    record.add_argument("--text", default="", help="nothing personal, unless flagged")
    record.add_argument("--sensitive", default="", metavar="REASON", help="the text is sensitive, and why we keep it")
    record.set_defaults(run=_record)
    withdraw = insight.add_parser("withdraw", help="take one back")
    withdraw.add_argument("insight", type=UUID)
    withdraw.add_argument("--reason", required=True)
    withdraw.set_defaults(run=_withdraw)
    renew = insight.add_parser("renew", help="say that one still holds, also one that has expired")
    renew.add_argument("insight", type=UUID)
    renew.add_argument("--reason", required=True)
    renew.add_argument("--expires", type=arguments.day, metavar="DAY", help="from then on it counts no more")
    renew.set_defaults(run=_renew)
    settle = insight.add_parser("settle", help="say what came of one; its author may not")
    settle.add_argument("insight", type=UUID)
    settle.add_argument("--happened", type=arguments.share, required=True, help="0%% to 100%%")
    settle.add_argument("--size", type=float, help="the actual size, in its measure and direction")
    settle.add_argument("--reason", required=True, help="how we know")
    settle.set_defaults(run=_settle)


def _size(text: str) -> tuple[str, float]:
    plain = text.strip()
    if plain.endswith("%"):
        return "share", arguments.number(plain[:-1].strip()) / 100
    return "units-per-week", arguments.number(plain)


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads
    from closeknit.rooms.customers.contracts import InsightState

    found = reads.list_insights(
        by=args.by,
        at=clock.now(),
        account_number=args.account,
        state=InsightState(args.state) if args.state else None,
        author_key=args.author,
        limit=args.limit,
    )
    if args.json:
        print_json("closeknit.insights/1", {"insights": found})
        return 0
    rows = [
        (
            str(card.insight_id),
            card.account_number,
            _words(card),
            share_text(card.probability),
            f"{card.from_on} to {card.to_on}",
            ", ".join(
                part
                for part in (card.state, "stale" * card.is_stale, "contradicted" * bool(card.contradicted_by))
                if part
            ),
            card.author,
        )
        for card in found
    ]
    heads = ("insight", "account", "expected", "chance", "days", "state", "author")
    print_table(heads, rows, empty="Nothing is known that you may see.")
    return 0


def _authors(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads

    found = reads.list_author_records(by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.insight-authors/1", {"authors": found})
        return 0
    rows = [
        (
            record.author,
            record.author_key,
            str(record.settled),
            "–" if record.mean_stated_share is None else share_text(record.mean_stated_share),
            "–" if record.mean_happened_share is None else share_text(record.mean_happened_share),
            "–" if record.brier_score is None else f"{record.brier_score:.3f}",
            f"{record.size_ratio:.2f}",
        )
        for record in found
    ]
    heads = ("author", "key", "settled", "stated", "happened", "Brier score", "sizes count")
    print_table(heads, rows, empty="Nobody has said anything that you may see.")
    return 0


def _show(args: argparse.Namespace) -> int:
    return _print(args, args.insight)


def _record(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.record_insight import record_insight
    from closeknit.rooms.customers.contracts import (
        InsightDirection,
        InsightMeasure,
        InsightTopic,
        WantedInsight,
    )

    measure, size = args.size
    wanted = WantedInsight(
        account_number=args.account_number,
        topic=InsightTopic(args.topic),
        direction=InsightDirection(args.direction),
        measure=InsightMeasure(measure),
        size=size,
        probability=float(args.chance),
        from_on=args.from_on,
        to_on=args.to_on,
        expires_on=args.expires,
        service=args.service,
        region=args.region,
        text=args.text,
        is_sensitive=bool(args.sensitive),
        sensitive_reason=args.sensitive,
    )
    return _print(args, record_insight(wanted, by=args.by, at=clock.now()))


def _withdraw(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.withdraw_insight import withdraw_insight

    withdraw_insight(args.insight, reason=args.reason, by=args.by, at=clock.now())
    return _print(args, args.insight)


def _renew(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.renew_insight import renew_insight

    renew_insight(args.insight, reason=args.reason, expires_on=args.expires, by=args.by, at=clock.now())
    return _print(args, args.insight)


def _settle(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.settle_insight import settle_insight

    settle_insight(
        args.insight,
        happened_share=float(args.happened),
        actual_size=args.size,
        reason=args.reason,
        by=args.by,
        at=clock.now(),
    )
    return _print(args, args.insight)


def _words(card: Any) -> str:
    much = share_text(card.size) if card.measure == "share" else f"{card.size:,.4g} units a week"
    return f"{much} {'more' if card.direction == 'up' else 'less'} ({card.topic})"


def _print(args: argparse.Namespace, insight_id: UUID) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads

    card = reads.get_insight(insight_id, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.insight/1", {"insight": card})
        return 0
    text = "not for you to read" if card.sensitive_text is None else card.text or card.sensitive_text
    rows = [
        ("insight", str(card.insight_id)),
        ("account", card.account_number),
        ("expected", _words(card)),
        ("chance", share_text(card.probability)),
        ("days", f"{card.from_on} until before {card.to_on}, counts until before {card.expires_on}"),
        ("where", ", ".join(part for part in (card.service, card.region) if part) or "everywhere"),
        ("text", text or "–"),
        ("author", card.author),
        ("state", f"{card.state} by {card.ended_by}: {card.end_reason}" if card.ended_at else str(card.state)),
        ("happened", "–" if card.happened_share is None else share_text(card.happened_share)),
        ("contradicted by", ", ".join(map(str, card.contradicted_by)) or "–"),
        ("thread", str(card.thread_id)),
    ]
    print_table(("what", "value"), rows)
    return 0
