"""Commands of duties."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(decisions: Any) -> None:
    """Add `closeknit decisions duties ...`."""
    duties = decisions.add_group("duties", help="reviews, audits and sign-offs that recur")
    listed = duties.add_parser("list", help="list due dates, the longest overdue first, and what recurs")
    listed.add_argument("--state", choices=["due", "overdue", "signed"])
    listed.add_argument("--mine", action="store_true", help="only what I may sign")
    listed.add_argument("--limit", type=arguments.rows, default=50)
    listed.set_defaults(run=_list)
    shown = duties.add_parser("show", help="show a due date with its evidence")
    shown.add_argument("due_date", type=UUID)
    shown.set_defaults(run=_show)
    sign = duties.add_parser("sign", help="sign a due date, as the person named by --as")
    sign.add_argument("due_date", type=UUID)
    sign.add_argument("--evidence", metavar="SHA256", default="", help="digest of the evidence that was looked at")
    sign.add_argument("--remark", default="", help="what was found")
    sign.set_defaults(run=_sign)
    _add_add_command(duties)
    templates = duties.add_parser("templates", help="list the duties as shipped, or install them")
    templates.add_argument("--install", nargs="*", metavar="KEY", help="add these for their owners; no key: all")
    templates.set_defaults(run=_templates)
    assign = duties.add_parser("assign", help="pass a duty on to another owner")
    assign.add_argument("duty", type=UUID)
    assign.add_argument("owner", help="a user name, or role:executive")
    assign.add_argument("--reason", required=True)
    assign.set_defaults(run=_assign)
    end = duties.add_parser("end", help="have a duty recur no more")
    end.add_argument("duty", type=UUID)
    end.add_argument("--reason", required=True)
    end.set_defaults(run=_end)
    keep = duties.add_parser("keep", help="open due dates, gather evidence, escalate; the worker does it by itself")
    keep.set_defaults(run=_keep)


def _add_add_command(duties: Any) -> None:
    add = duties.add_parser("add", help="have something recur")
    add.add_argument("name")
    add.add_argument("--owner", required=True, help="a user name, or role:executive")
    add.add_argument("--cadence", required=True, choices=["weekly", "monthly", "quarterly", "yearly"])
    add.add_argument("--weekday", type=int, default=0, help="weekly: 1 (Monday) to 5 (Friday)")
    add.add_argument("--business-day", type=int, default=0, help="1 the first, -1 the last of the month")
    add.add_argument("--day", type=int, default=0, help="day of the month")
    add.add_argument("--month", type=int, default=1, help="month of the quarter or year")
    add.add_argument("--days-to-sign", type=int, default=5, help="business days until it is overdue (5)")
    add.add_argument("--zone", default="UTC", help="such as Europe/Berlin")
    add.add_argument("--evidence", nargs="*", default=[], metavar="QUERY", help="answers to attach")
    add.add_argument("--statement", required=True, help="what the signature says")
    add.add_argument("--about", default="")
    add.add_argument("--from", dest="starts_on", type=arguments.day, metavar="DAY")
    add.set_defaults(run=_add)


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.contracts import OccurrenceState

    states = [OccurrenceState(args.state)] if args.state else ()
    cards = reads.list_occurrences(by=args.by, states=states, only_mine=args.mine, limit=args.limit)
    duties = reads.list_duties(by=args.by)
    if args.json:
        print_json("closeknit.duties/1", {"due_dates": cards, "duties": duties})
        return 0
    rows = [(c.due_on.isoformat(), c.state, c.name, c.owner_name, c.signed_by, c.occurrence_id) for c in cards]
    print_table(("due", "state", "duty", "owner", "signed by", "id"), rows, empty="Nothing has fallen due.")
    print()
    recurs = [
        (d.name, d.owner_name, d.rhythm, d.next_due_on.isoformat() if d.next_due_on else "", d.duty_id) for d in duties
    ]
    print_table(("recurs", "owner", "rhythm", "next", "id"), recurs, empty="Nothing recurs yet: see duties templates.")
    return 0


def _show(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    detail = reads.get_occurrence(args.due_date, by=args.by)
    if args.json:
        print_json(
            "closeknit.duty-due-date/1", {"due_date": detail.card, "about": detail.about, "evidence": detail.evidence}
        )
        return 0
    card = detail.card
    print(
        f"{card.name} of {card.due_on}, {card.state}; owner {card.owner_name};"
        f" sign by {card.sign_by_at:%Y-%m-%d %H:%M} UTC"
    )
    if card.signed_at:
        behalf = f" for {card.signed_for}" if card.signed_for else ""
        print(f"Signed by {card.signed_by}{behalf} at {card.signed_at:%Y-%m-%d %H:%M} UTC. {card.remark}".rstrip())
    print(f"“{card.statement}”\nEvidence {card.evidence_sha256 or 'is being gathered'}")
    for part in detail.evidence:
        print(f"\n{part.title}" + (f" ({part.hidden_rows} rows hidden)" if part.hidden_rows else ""))
        rows = [[row.get(column) for column in part.columns] for row in part.rows]
        print_table(part.columns, rows, empty=part.failure or "none")
    return 0


def _sign(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.actions.sign_duty import sign_duty

    seen = args.evidence or reads.get_occurrence(args.due_date, by=args.by).card.evidence_sha256
    sign_duty(args.due_date, evidence_sha256=seen, remark=args.remark, by=args.by, at=clock.now())
    return _show(args)


def _add(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.add_duty import add_duty
    from closeknit.rooms.decisions.contracts import Cadence, DutyRule

    at = clock.now()
    rule = DutyRule(
        Cadence(args.cadence),
        weekday=args.weekday,
        business_day=args.business_day,
        day=args.day,
        month=args.month,
        days_to_sign=args.days_to_sign,
        time_zone=args.zone,
    )
    duty_id = add_duty(
        name=args.name,
        owner=args.owner,
        rule=rule,
        evidence=args.evidence,
        statement=args.statement,
        starts_on=args.starts_on or at.date(),
        about=args.about,
        by=args.by,
        at=at,
    )
    return _say_duty(args, duty_id)


def _templates(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.actions.add_duty import install_duty_templates

    if args.install is not None:
        at = clock.now()
        made = install_duty_templates(args.install, starts_on=at.date(), by=args.by, at=at)
        cards = [reads.get_duty(duty_id, by=args.by) for duty_id in made]
        if args.json:
            print_json("closeknit.duties-installed/1", {"duties": cards})
            return 0
        added = [(c.name, c.owner_name, c.rhythm, c.duty_id) for c in cards]
        print_table(("added", "owner", "rhythm", "id"), added, empty="Nothing was missing.")
        return 0
    templates = reads.list_duty_templates(by=args.by)
    if args.json:
        print_json("closeknit.duty-templates/1", {"templates": templates})
        return 0
    rows = [(t.key, t.name, f"each {t.role}" if t.each else t.role, ", ".join(t.evidence)) for t in templates]
    print_table(("key", "duty", "owner", "evidence"), rows)
    return 0


def _assign(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.add_duty import assign_duty

    assign_duty(args.duty, owner=args.owner, reason=args.reason, by=args.by, at=clock.now())
    return _say_duty(args, args.duty)


def _end(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.add_duty import end_duty

    end_duty(args.duty, reason=args.reason, by=args.by, at=clock.now())
    return _say_duty(args, args.duty)


def _say_duty(args: argparse.Namespace, duty_id: UUID) -> int:
    from closeknit.rooms.decisions import reads

    card = reads.get_duty(duty_id, by=args.by)
    if args.json:
        print_json("closeknit.duty/1", {"duty": card})
    else:
        print(f"{card.name}, {card.owner_name}: {'ended' if card.ended_at else card.rhythm}. {card.duty_id}")
    return 0


def _keep(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions.actions.keep_duties import escalate_overdue_duties, gather_evidence, open_due_dates
    from closeknit.rooms.org.reads import system_actor

    args.by.require("settings.manage")
    done = {
        "opened": open_due_dates(by=system_actor()),
        "gathered": gather_evidence(by=system_actor()),
        "escalated": escalate_overdue_duties(by=system_actor()),
    }
    if args.json:
        print_json("closeknit.duties-kept/1", done)
    else:
        print(", ".join(f"{count} {word}" for word, count in done.items()) + ".")
    return 0
