"""Commands of holds, requests, keeping and erasures."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import plain, print_json, print_table
from closeknit.rooms.privacy.cli.consents import subject_text

KINDS = ("access", "erasure", "rectification", "portability", "objection", "restriction")
CLASSES = ("identity", "notes", "accounting", "records", "messages", "news", "consents", "raw-input", "people")


def add_commands(privacy: Any) -> None:
    """Add the commands of keeping to `closeknit privacy`."""
    _add_requests(privacy.add_group("requests", help="requests about one's own data, and when they are due"))
    _add_holds(privacy.add_group("holds", help="what must not go, whatever else says it may"))
    retention = privacy.add_group("retention", help="how long data are kept")
    retention.add_parser("list", help="the rules in force").set_defaults(run=_list_retention)
    adopted = retention.add_parser("adopt", help="put a rule in force")
    adopted.add_argument("data_class", choices=CLASSES)
    adopted.add_argument("jurisdiction", help="a country, EU, or * for elsewhere")
    adopted.add_argument("--least-days", type=int, required=True, help="not deleted before")
    adopted.add_argument("--most-days", type=int, help="not kept after (default: no end)")
    adopted.add_argument("--law", required=True)
    adopted.add_argument("--reason", required=True)
    adopted.set_defaults(run=_adopt_retention)
    privacy.add_parser("gate", help="what the gate of deletions said").set_defaults(run=_gate)
    privacy.add_parser("erasures", help="which fields went, and what a law keeps").set_defaults(run=_erasures)
    erase = privacy.add_parser("erase", help="erase a subject's words everywhere, and destroy its key in the ledger")
    erase.add_argument("subject", type=subject_text, help="an account's number, or KIND:REFERENCE")
    erase.add_argument("--reason", required=True, help="a sentence for the ledger, without personal data")
    erase.add_argument("--request", type=UUID, help="the request that asks for it")
    erase.add_argument(
        "--known-as", action="append", default=[], metavar="WORDS", help="a contact's name or address; may be repeated"
    )
    erase.set_defaults(run=_erase)
    again = privacy.add_parser("reapply-erasures", help="after an old backup came back: erase again who was erased")
    again.set_defaults(run=_reapply)
    extract = privacy.add_parser("extract", help="print what we hold of a subject, for its request of access")
    extract.add_argument("subject", type=subject_text)
    extract.set_defaults(run=_extract)


def _add_requests(requests: Any) -> None:
    requests.add_parser("list", help="the open ones first, by the day on which they are due").set_defaults(
        run=_list_requests
    )
    recorded = requests.add_parser("record", help="record a request; the answer says when it is due")
    recorded.add_argument("kind", choices=KINDS)
    recorded.add_argument("subject", type=subject_text)
    recorded.add_argument("--received", type=arguments.day, required=True, metavar="DAY")
    recorded.add_argument("--jurisdiction", default="", help="where the subject is, if we do not know")
    recorded.add_argument("--verified", default="", metavar="HOW", help="how we know that it is the subject")
    recorded.set_defaults(run=_record_request)
    extended = requests.add_parser("extend", help="take more time, where the law allows it")
    extended.add_argument("request", type=UUID)
    extended.add_argument("--until", type=arguments.day, required=True, metavar="DAY")
    extended.add_argument("--reason", required=True)
    extended.set_defaults(run=_extend_request)
    closed = requests.add_parser("close", help="answer or refuse a request")
    closed.add_argument("request", type=UUID)
    closed.add_argument("state", choices=("answered", "refused"))
    closed.add_argument("--outcome", required=True)
    closed.add_argument("--verified", default="", metavar="HOW")
    closed.set_defaults(run=_close_request)


def _add_holds(holds: Any) -> None:
    holds.add_parser("list", help="holds, those that stand first").set_defaults(run=_list_holds)
    placed = holds.add_parser("place", help="keep what a lawsuit or an audit needs")
    placed.add_argument("title")
    placed.add_argument("--reason", required=True)
    placed.add_argument("--review", type=arguments.day, required=True, metavar="DAY", help="when to look at it again")
    placed.add_argument("--subject", type=subject_text, help="default: everybody")
    placed.add_argument(
        "--class", dest="classes", action="append", choices=CLASSES, default=[], help="default: every class"
    )
    placed.set_defaults(run=_place_hold)
    released = holds.add_parser("release", help="release a hold")
    released.add_argument("hold", type=UUID)
    released.add_argument("--reason", required=True)
    released.set_defaults(run=_release_hold)


def _subject(said: Any) -> Any:
    from closeknit.rooms.privacy.contracts import Subject

    return Subject(*said)


def _list_requests(args: argparse.Namespace) -> int:
    from closeknit.rooms.privacy import reads

    return _print_requests(args, reads.list_requests(by=args.by))


def _record_request(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.privacy import reads
    from closeknit.rooms.privacy.actions.record_request import WantedRequest, record_request
    from closeknit.rooms.privacy.contracts import RequestKind

    wanted = WantedRequest(
        RequestKind(args.kind), _subject(args.subject), args.received, args.jurisdiction, args.verified
    )
    request_id = record_request(wanted, by=args.by, at=clock.now())
    return _print_requests(args, [reads.get_request(request_id, by=args.by)])


def _extend_request(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.privacy import reads
    from closeknit.rooms.privacy.actions.record_request import extend_request

    extend_request(args.request, until_on=args.until, reason=args.reason, by=args.by, at=clock.now())
    return _print_requests(args, [reads.get_request(args.request, by=args.by)])


def _close_request(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.privacy import reads
    from closeknit.rooms.privacy.actions.record_request import close_request
    from closeknit.rooms.privacy.contracts import RequestState

    state = RequestState(args.state)
    close_request(
        args.request, state=state, outcome=args.outcome, verified_by=args.verified, by=args.by, at=clock.now()
    )
    return _print_requests(args, [reads.get_request(args.request, by=args.by)])


def _print_requests(args: argparse.Namespace, found: list[Any]) -> int:
    if args.json:
        print_json("closeknit.data-requests/1", {"requests": found})
        return 0
    rows = [
        (r.request_id, r.kind.value, str(r.subject), (r.extended_until or r.due_on).isoformat(), r.state.value, r.law)
        for r in found
    ]
    print_table(("request", "kind", "subject", "due", "state", "law"), rows, empty="Nobody asked for anything yet.")
    return 0


def _list_holds(args: argparse.Namespace) -> int:
    from closeknit.rooms.privacy import reads

    return _print_holds(args, reads.list_holds(by=args.by))


def _place_hold(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.privacy import reads
    from closeknit.rooms.privacy.actions.place_hold import WantedHold, place_hold
    from closeknit.rooms.privacy.contracts import DataClass

    subject = _subject(args.subject) if args.subject else None
    classes = tuple(DataClass(name) for name in args.classes)
    wanted = WantedHold(args.title, args.reason, args.review, subject, classes)
    hold_id = place_hold(wanted, by=args.by, at=clock.now())
    return _print_holds(args, [hold for hold in reads.list_holds(by=args.by) if hold.hold_id == hold_id])


def _release_hold(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.privacy import reads
    from closeknit.rooms.privacy.actions.place_hold import release_hold

    release_hold(args.hold, reason=args.reason, by=args.by, at=clock.now())
    return _print_holds(args, [hold for hold in reads.list_holds(by=args.by) if hold.hold_id == args.hold])


def _print_holds(args: argparse.Namespace, found: list[Any]) -> int:
    if args.json:
        print_json("closeknit.holds/1", {"holds": found})
        return 0
    rows = [
        (
            h.hold_id,
            h.title,
            str(h.subject or "everybody"),
            ", ".join(h.classes) or "every class",
            "released" if h.released_at else "stands",
            h.review_on.isoformat(),
        )
        for h in found
    ]
    print_table(("hold", "title", "of", "classes", "state", "review"), rows, empty="Nothing is on hold.")
    return 0


def _list_retention(args: argparse.Namespace) -> int:
    from closeknit.rooms.privacy import reads

    return _print_retention(args, reads.list_retention(by=args.by))


def _adopt_retention(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.privacy.actions.adopt_retention import adopt_retention
    from closeknit.rooms.privacy.contracts import DataClass, RetentionRule

    rule = RetentionRule(DataClass(args.data_class), args.jurisdiction, args.least_days, args.most_days, args.law)
    return _print_retention(args, [adopt_retention(rule, reason=args.reason, by=args.by, at=clock.now())])


def _print_retention(args: argparse.Namespace, found: list[Any]) -> int:
    if args.json:
        print_json("closeknit.retention/1", {"rules": found})
        return 0
    rows = [
        (r.data_class.value, r.jurisdiction, r.least_days, "no end" if r.most_days is None else str(r.most_days), r.law)
        for r in found
    ]
    print_table(("class", "where", "at least days", "at most days", "law"), rows)
    return 0


def _gate(args: argparse.Namespace) -> int:
    from closeknit.rooms.privacy import reads

    found = reads.list_gate_lines(by=args.by)
    if args.json:
        print_json("closeknit.deletion-gate/1", {"verdicts": found})
        return 0
    rows = [(f"{g.at:%Y-%m-%d %H:%M}", g.data_class, "goes" if g.is_allowed else "stays", g.what, g.why) for g in found]
    print_table(("when", "class", "verdict", "what", "why"), rows, empty="Nobody wanted to delete anything yet.")
    return 0


def _erasures(args: argparse.Namespace) -> int:
    from closeknit.rooms.privacy import reads

    return _print_erasures(args, reads.list_erasures(by=args.by))


def _erase(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.privacy.actions.erase_subject import erase_subject

    subject = _subject(args.subject)
    done = erase_subject(
        subject,
        reason=args.reason,
        request_id=args.request,
        also_known_as=args.known_as,
        by=args.by,
        at=clock.now(),
    )
    return _print_erasures(args, [done])


def _reapply(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.privacy.actions.reapply_erasures import reapply_erasures

    return _print_erasures(args, reapply_erasures(by=args.by, at=clock.now()))


def _print_erasures(args: argparse.Namespace, found: list[Any]) -> int:
    if args.json:
        print_json("closeknit.erasures/1", {"erasures": found})
        return 0
    if not found:
        print("Nobody was erased yet.")
    for done in found:
        print(f"{done.erased_at:%Y-%m-%d %H:%M} {done.pseudonym} ({done.kind}): {done.lines} lines went dark.")
        print_table(
            ("table", "field", "rows"),
            [(f.table, f.column, f.rows) for f in done.fields],
            empty="  No field held a word.",
        )
        for kept in done.kept:
            print(f"  kept: {kept.data_class} until {kept.until_on}. {kept.why}")
    return 0


def _extract(args: argparse.Namespace) -> int:
    import json

    from closeknit.kernel import clock
    from closeknit.rooms.privacy import reads

    found = reads.get_extract(_subject(args.subject), by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.data-extract/1", {"extract": found})
    else:
        print(json.dumps(plain(found), indent=2, ensure_ascii=False))
    return 0
