"""Commands of escalations, their paths, and on-duty calendars."""

import argparse
from datetime import time
from pathlib import Path
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def add_commands(decisions: Any) -> None:
    """Add `closeknit decisions escalations ...` and `closeknit decisions duty ...`."""
    _add_escalation_commands(decisions.add_group("escalations", help="what must not be overlooked, and whom it asks"))
    _add_duty_commands(decisions.add_group("duty", help="who is on duty when"))


def _add_escalation_commands(escalations: Any) -> None:
    listed = escalations.add_parser("list", help="list escalations, open ones first")
    listed.add_argument("--state", choices=["open", "acknowledged", "closed"])
    listed.add_argument("--path", default="")
    listed.add_argument("--account", default="")
    listed.add_argument("--mine", action="store_true", help="only those that ask me")
    listed.add_argument("--limit", type=arguments.rows, default=50)
    listed.set_defaults(run=_list)
    shown = escalations.add_parser("show", help="show one escalation and its steps")
    shown.add_argument("escalation", type=UUID)
    shown.set_defaults(run=_show)
    for verb, run, words in (
        ("ack", _acknowledge, "take it on, as the person named by --as"),
        ("hand-back", _hand_back, "give back what was taken on"),
        ("reassign", _reassign, "give it to one person"),
        ("close", _close, "close what was settled"),
    ):
        command = escalations.add_parser(verb, help=words)
        command.add_argument("escalation", type=UUID)
        if verb == "reassign":
            command.add_argument("--to", required=True, metavar="NAME")
        command.add_argument("--reason", default="", help="a sentence for the ledger")
        command.set_defaults(run=run)
    paths = escalations.add_parser("paths", help="show the escalation paths in force, as YAML")
    paths.add_argument("path", nargs="?", default="")
    paths.set_defaults(run=_show_paths)
    adopt = escalations.add_parser("adopt-path", help="put escalation paths in force from a YAML file")
    adopt.add_argument("file", type=Path)
    adopt.add_argument("--reason", required=True)
    adopt.set_defaults(run=_adopt_paths)
    move = escalations.add_parser("move", help="move on what is due now; the worker does it by itself")
    move.set_defaults(run=_move)


def _add_duty_commands(duty: Any) -> None:
    duty.add_parser("list", help="list on-duty calendars and who is on duty now").set_defaults(run=_list_calendars)
    week = duty.add_parser("week", help="show a week of a calendar, and when nobody is on duty")
    week.add_argument("calendar")
    week.add_argument("--on", type=arguments.day, help="a day of the week (default: today)")
    week.set_defaults(run=_show_week)
    opened = duty.add_parser("open", help="open an on-duty calendar")
    opened.add_argument("calendar")
    opened.add_argument("--title", required=True)
    opened.add_argument("--zone", required=True, help="such as Europe/Berlin")
    opened.set_defaults(run=_open_calendar)
    shift = duty.add_parser("set-shift", help="put a person on duty every week")
    shift.add_argument("calendar")
    shift.add_argument("person", metavar="NAME")
    shift.add_argument("--weekday", required=True, choices=WEEKDAYS)
    shift.add_argument("--starts", required=True, type=_clock_time, metavar="08:00")
    shift.add_argument("--ends", required=True, type=_clock_time, metavar="16:00")
    shift.add_argument("--from", dest="from_on", required=True, type=arguments.day, metavar="DAY")
    shift.add_argument("--until", dest="until_on", type=arguments.day, metavar="DAY")
    shift.set_defaults(run=_set_shift)
    ended = duty.add_parser("end-shift", help="end a weekly shift before a day")
    ended.add_argument("calendar")
    ended.add_argument("shift", type=UUID)
    ended.add_argument("--until", dest="until_on", required=True, type=arguments.day, metavar="DAY")
    ended.set_defaults(run=_end_shift)
    swap = duty.add_parser("swap", help="have someone take over for a time")
    swap.add_argument("calendar")
    swap.add_argument("person", metavar="NAME")
    swap.add_argument("--from", dest="starts_at", required=True, type=arguments.instant, metavar="TIME")
    swap.add_argument("--until", dest="ends_at", required=True, type=arguments.instant, metavar="TIME")
    swap.add_argument("--replaces", default="", metavar="NAME", help="whom (default: whoever is on duty)")
    swap.add_argument("--reason", required=True)
    swap.set_defaults(run=_swap)


def _clock_time(text: str) -> time:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 08:00")
    return found


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.contracts.escalations import EscalationState

    states = [EscalationState(args.state)] if args.state else []
    cards = reads.list_escalations(
        by=args.by, states=states, path=args.path, account_number=args.account, mine=args.mine, limit=args.limit
    )
    if args.json:
        print_json("closeknit.escalations/1", {"escalations": cards})
        return 0
    rows = [
        (c.escalation_id, c.state, f"{c.level}/{c.levels}", c.holder or ", ".join(c.asked), c.next_level_at, c.title)
        for c in cards
    ]
    print_table(("id", "state", "level", "who", "next (UTC)", "what"), rows, empty="Nothing is escalated.")
    return 0


def _show(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    card = reads.get_escalation(args.escalation, by=args.by)
    steps = reads.list_escalation_steps(args.escalation, by=args.by)
    if args.json:
        print_json("closeknit.escalation/1", {"escalation": card, "steps": steps})
        return 0
    print(f"{card.title} ({card.state}, level {card.level} of {card.levels}, path {card.path})\n{card.summary}")
    for step in steps:
        print(f"  {step.at:%Y-%m-%d %H:%M} UTC  {step.sentence}")
    print(f"Thread {card.thread_id}.")
    return 0


def _acknowledge(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.answer_escalation import acknowledge_escalation

    acknowledge_escalation(args.escalation, reason=args.reason, by=args.by, at=clock.now())
    return _show(args)


def _hand_back(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.answer_escalation import hand_back_escalation

    hand_back_escalation(args.escalation, reason=args.reason, by=args.by, at=clock.now())
    return _show(args)


def _reassign(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.answer_escalation import reassign_escalation

    reassign_escalation(args.escalation, to=args.to, reason=args.reason, by=args.by, at=clock.now())
    return _show(args)


def _close(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.answer_escalation import close_escalation_by_hand

    close_escalation_by_hand(args.escalation, reason=args.reason, by=args.by, at=clock.now())
    return _show(args)


def _show_paths(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    paths = [reads.get_path(args.path, by=args.by)] if args.path else reads.list_paths(by=args.by)
    if args.json:
        print_json("closeknit.escalation-paths/1", {"paths": paths})
        return 0
    for path in paths:
        changed = f"version {path.version} by {path.adopted_by}: {path.reason}" if path.version else "as shipped"
        print(f"# {changed}\n{reads.path_as_text(path, by=args.by)}")
    return 0


def _adopt_paths(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.decisions.actions.adopt_path import adopt_paths

    try:
        text = args.file.read_text(encoding="utf-8")
    except (OSError, ValueError) as failure:
        raise Invalid(f"The file cannot be read: {failure}", where=str(args.file)) from failure
    changed = adopt_paths(text, reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.escalation-paths/1", {"paths": changed})
    else:
        names = ", ".join(f"{path.path} (version {path.version})" for path in changed)
        print(f"In force now: {names}." if changed else "Nothing changed: these paths are in force already.")
    return 0


def _move(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions.actions.move_escalations import move_due_escalations

    moved = move_due_escalations(by=args.by)
    if args.json:
        print_json("closeknit.escalations-moved/1", {"moved": moved})
    else:
        print(f"{moved} escalation{'' if moved == 1 else 's'} moved on.")
    return 0


def _list_calendars(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions import reads

    cards = reads.list_duty_calendars(at=clock.now(), by=args.by)
    if args.json:
        print_json("closeknit.duty-calendars/1", {"calendars": cards})
        return 0
    rows = [(c.calendar, c.title, c.time_zone, ", ".join(c.on_duty) or "nobody", len(c.gaps)) for c in cards]
    print_table(
        ("calendar", "title", "clock", "on duty now", "gaps in 7 days"),
        rows,
        empty="No calendar: closeknit decisions duty open NAME --title TITLE --zone ZONE",
    )
    return 0


def _show_week(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions import reads

    week = reads.get_duty_week(args.calendar, week_on=args.on or clock.now().date(), by=args.by)
    if args.json:
        print_json("closeknit.duty-week/1", {"week": week})
        return 0
    print(f"{week.title}, week of {week.week_on}, on the clock of {week.time_zone}")
    rows = [(s.starts_local, s.ends_local, s.name, "swap" if s.is_swap else "") for s in week.spans]
    print_table(("from", "until", "who", ""), rows, empty="Nobody is on duty.")
    for gap in week.gaps:
        print(f"Nobody is on duty from {gap.starts_local} to {gap.ends_local}.")
    for shift in week.shifts:
        when = f"{WEEKDAYS[shift.weekday]} {shift.starts_local}-{shift.ends_local}"
        print(f"shift {shift.shift_id}  {when}  {shift.name}")
    return 0


def _open_calendar(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.keep_duty_calendar import open_calendar

    open_calendar(args.calendar, title=args.title, time_zone=args.zone, by=args.by, at=clock.now())
    return _say_made(args, f"The on-duty calendar {args.calendar} is open.")


def _set_shift(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.keep_duty_calendar import set_shift

    made = set_shift(
        args.calendar,
        person=args.person,
        weekday=WEEKDAYS.index(args.weekday),
        starts_local=args.starts,
        ends_local=args.ends,
        from_on=args.from_on,
        until_on=args.until_on,
        by=args.by,
        at=clock.now(),
    )
    return _say_made(args, f"{args.person} is on duty: shift {made}.", made)


def _end_shift(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.keep_duty_calendar import end_shift

    end_shift(args.calendar, args.shift, until_on=args.until_on, by=args.by, at=clock.now())
    return _say_made(args, f"The shift ends before {args.until_on}.", args.shift)


def _swap(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.keep_duty_calendar import swap_shift

    made = swap_shift(
        args.calendar,
        person=args.person,
        starts_at=args.starts_at,
        ends_at=args.ends_at,
        replaces=args.replaces,
        reason=args.reason,
        by=args.by,
        at=clock.now(),
    )
    return _say_made(args, f"{args.person} takes over: swap {made}.", made)


def _say_made(args: argparse.Namespace, sentence: str, made: UUID | None = None) -> int:
    if args.json:
        print_json("closeknit.duty-calendar/1", {"calendar": args.calendar, "id": made})
    else:
        print(sentence)
    return 0
