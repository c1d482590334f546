"""Commands of notices and of webhook endpoints."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(decisions: Any) -> None:
    """Add `closeknit decisions notices ...` and `closeknit decisions webhooks ...`."""
    _add_notice_commands(decisions.add_group("notices", help="what the person named by --as was told"))
    _add_webhook_commands(decisions.add_group("webhooks", help="where notices are sent, and how it went"))


def _add_notice_commands(notices: Any) -> None:
    listed = notices.add_parser("list", help="list my notices, latest first")
    listed.add_argument("--unread", action="store_true")
    listed.add_argument("--limit", type=arguments.rows, default=50)
    listed.set_defaults(run=_list_notices)
    read = notices.add_parser("read", help="mark notices as read: one by its id, or all")
    read.add_argument("notice", nargs="?", type=UUID, help="without it: all")
    read.set_defaults(run=_read_notices)
    wanted = notices.add_parser("preferences", help="show or choose how I am told")
    wanted.add_argument("--mail-address")
    for channel in ("mail", "webhook"):
        wanted.add_argument(f"--{channel}", choices=["none", "urgent", "all"])
    wanted.add_argument("--digest", choices=["hourly", "daily"])
    wanted.add_argument("--digest-hour", type=int, metavar="HOUR")
    wanted.add_argument("--quiet", metavar="22:00-07:00", help='no digest between these times; "" for none')
    wanted.add_argument("--time-zone", metavar="ZONE")
    wanted.set_defaults(run=_choose_preferences)


def _add_webhook_commands(webhooks: Any) -> None:
    webhooks.add_parser("list", help="list webhook endpoints").set_defaults(run=_list_endpoints)
    create = webhooks.add_parser("create", help="create an endpoint; its signing secret is printed this once")
    create.add_argument("name")
    create.add_argument("url")
    create.set_defaults(run=_create_endpoint)
    change = webhooks.add_parser("change", help="send to another address")
    change.add_argument("endpoint", type=UUID)
    change.add_argument("url")
    change.set_defaults(run=_change_endpoint)
    for verb, words, run in (
        ("test", "send a signed test message now", _try_endpoint),
        ("enable", "send there again", _enable_endpoint),
        ("disable", "send nothing there any more", _disable_endpoint),
    ):
        command = webhooks.add_parser(verb, help=words)
        command.add_argument("endpoint", type=UUID)
        if verb == "disable":
            command.add_argument("--reason", required=True)
        command.set_defaults(run=run)
    messages = webhooks.add_parser("messages", help="list what left by webhook and mail, or should have")
    messages.add_argument("--endpoint", type=UUID)
    messages.add_argument("--state", choices=["pending", "sent", "dead", "dropped"])
    messages.add_argument("--limit", type=arguments.rows, default=50)
    messages.set_defaults(run=_list_messages)
    replay = webhooks.add_parser("replay", help="owe a dead message again, under its old id")
    replay.add_argument("message", type=UUID)
    replay.set_defaults(run=_replay)


def _list_notices(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    cards = reads.list_notices(by=args.by, only_unread=args.unread, limit=args.limit)
    if args.json:
        print_json("closeknit.notices/1", {"notices": cards})
        return 0
    rows = [
        (c.last_at, "read" if c.read_at else "urgent" if c.is_urgent else "new", c.title, c.updates, c.notice_id)
        for c in cards
    ]
    print_table(("told", "state", "what", "times", "id"), rows, empty="Nobody has told you anything yet.")
    return 0


def _read_notices(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.read_notices import read_all_notices, read_notice

    at, count = clock.now(), 1
    if args.notice:
        read_notice(args.notice, by=args.by, at=at)
    else:
        count = read_all_notices(until_at=at, by=args.by, at=at)
    if args.json:
        print_json("closeknit.notices-read/1", {"read": count})
    else:
        print(f"{count} marked as read.")
    return 0


def _choose_preferences(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.actions.choose_notice_preferences import choose_notice_preferences
    from closeknit.rooms.decisions.contracts import DigestRhythm, Wanted

    kinds = {"mail": Wanted, "webhook": Wanted, "digest": DigestRhythm}
    names = ("mail_address", "mail", "webhook", "digest", "digest_hour", "time_zone")
    given: dict[str, Any] = {
        n: kinds.get(n, lambda value: value)(v) for n in names if (v := getattr(args, n)) is not None
    }
    if args.quiet is not None:
        given["quiet_from"], given["quiet_until"] = _quiet(args.quiet)
    if given:
        choose_notice_preferences(replace(reads.get_notice_preferences(by=args.by), **given), by=args.by)
    chosen = reads.get_notice_preferences(by=args.by)
    if args.json:
        print_json("closeknit.notice-preferences/1", {"preferences": _plain_times(chosen)})
        return 0
    for name, value in _plain_times(chosen).items():
        print(f"{name.replace('_', ' '):13} {value if value not in ('', None) else '–'}")
    return 0


def _quiet(text: str) -> tuple[Any, Any]:
    from datetime import time

    from closeknit.kernel.errors import Invalid

    if not text:
        return None, None
    try:
        begins, ends = (time.fromisoformat(part) for part in text.split("-"))
    except ValueError as failure:
        raise Invalid(
            "The quiet time is not understood.", where="--quiet", todo="Write it as 22:00-07:00."
        ) from failure
    return begins, ends


def _plain_times(chosen: Any) -> dict[str, Any]:
    from dataclasses import asdict
    from datetime import time

    return {
        name: value.isoformat("minutes") if isinstance(value, time) else getattr(value, "value", value)
        for name, value in asdict(chosen).items()
    }


def _list_endpoints(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    cards = reads.list_endpoints(by=args.by)
    if args.json:
        print_json("closeknit.webhooks/1", {"webhooks": cards})
        return 0
    rows = [(c.name, "disabled" if c.disabled_at else "in use", c.waiting, c.dead, c.url, c.endpoint_id) for c in cards]
    print_table(("name", "state", "waiting", "given up", "address", "id"), rows, empty="No endpoint is set up.")
    return 0


def _create_endpoint(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.manage_endpoints import create_endpoint

    issued = create_endpoint(name=args.name, url=args.url, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.webhook-created/1", {"endpoint_id": issued.endpoint_id, "secret": issued.secret})
    else:
        print(f"Created {issued.endpoint_id}. Its signing secret, shown this once:\n{issued.secret}")
    return 0


def _change_endpoint(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions.actions.manage_endpoints import change_endpoint

    change_endpoint(args.endpoint, url=args.url, by=args.by)
    return _say_endpoint(args)


def _enable_endpoint(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions.actions.manage_endpoints import enable_endpoint

    enable_endpoint(args.endpoint, by=args.by)
    return _say_endpoint(args)


def _disable_endpoint(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.manage_endpoints import disable_endpoint

    disable_endpoint(args.endpoint, reason=args.reason, by=args.by, at=clock.now())
    return _say_endpoint(args)


def _say_endpoint(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    card = reads.get_endpoint(args.endpoint, by=args.by)
    if args.json:
        print_json("closeknit.webhook/1", {"webhook": card})
    else:
        print(f"{card.name}: {'disabled' if card.disabled_at else 'in use'}, {card.url}")
    return 0


def _try_endpoint(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.manage_endpoints import try_endpoint

    return _say_message(args, try_endpoint(args.endpoint, by=args.by, at=clock.now()))


def _replay(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.actions.send_dispatches import replay_dispatch

    replay_dispatch(args.message, by=args.by)
    _say_message(args, reads.get_dispatch(args.message, by=args.by))
    return 0


def _say_message(args: argparse.Namespace, card: Any) -> int:
    if args.json:
        print_json("closeknit.message/1", {"message": card})
    else:
        print(f"{card.dispatch_id}: {card.state}. {card.outcome}".strip())
    return 1 if card.state == "dead" else 0


def _list_messages(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.contracts import DispatchState

    state = DispatchState(args.state) if args.state else None
    cards = reads.list_dispatches(endpoint_id=args.endpoint, state=state, by=args.by, limit=args.limit)
    if args.json:
        print_json("closeknit.messages/1", {"messages": cards})
        return 0
    rows = [(c.created_at, c.channel, c.kind, c.state, c.tries, c.outcome, c.dispatch_id) for c in cards]
    print_table(("made", "channel", "kind", "state", "tries", "how it went", "id"), rows, empty="Nothing has left yet.")
    return 0
