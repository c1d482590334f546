"""Commands of sharing forecasts with partners."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

DETAILS = ("total", "service", "region", "service and region")
FIELDS = ("mean", "low", "high")


def add_commands(demand: Any) -> None:
    """Add `sharing`, `sharing-log`, `share`, `agree-sharing` and `end-sharing`."""
    sharing = demand.add_parser("sharing", help="list what is agreed to be shared with partners")
    sharing.add_argument("--operation", default="")
    sharing.set_defaults(run=_list)
    log = demand.add_parser("sharing-log", help="list every time that shared numbers left the house")
    log.set_defaults(run=_log)
    share = demand.add_parser("share", help="take out what an agreement allows; the log keeps it")
    share.add_argument("agreement", type=UUID)
    share.set_defaults(run=_share)
    agree = demand.add_parser("agree-sharing", help="agree to share a forecast with a partner; nothing leaves by that")
    agree.add_argument("operation")
    agree.add_argument("partner")
    agree.add_argument("--purpose", required=True, help="what it is shared for, in a sentence")
    agree.add_argument("--from", dest="from_on", type=arguments.day, required=True, help="the first day it holds")
    agree.add_argument("--until", dest="until_on", type=arguments.day, required=True, help="the first day it does not")
    agree.add_argument("--detail", choices=DETAILS, default="service and region")
    agree.add_argument("--period", choices=("week", "month"), default="week")
    agree.add_argument("--field", dest="fields", choices=FIELDS, action="append", help="repeat for several; mean alone")
    agree.add_argument("--least-accounts", type=int, default=5, help="numbers of fewer accounts are withheld")
    agree.set_defaults(run=_agree)
    end = demand.add_parser("end-sharing", help="end an agreement before its time: nothing more leaves under it")
    end.add_argument("agreement", type=UUID)
    end.add_argument("--reason", required=True)
    end.set_defaults(run=_end)


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads

    cards = reads.list_sharing(operation=args.operation, by=args.by)
    if args.json:
        print_json("closeknit.forecast-sharing/1", {"agreements": cards})
        return 0
    rows = [
        (c.partner, c.operation, c.detail, c.period, c.from_on, c.until_on, c.ended_at or "", c.exports, c.agreement_id)
        for c in cards
    ]
    header = ("partner", "operation", "detail", "period", "from", "until", "ended (UTC)", "taken out", "agreement")
    print_table(header, rows, empty="Nothing is shared.")
    return 0


def _log(args: argparse.Namespace) -> int:
    from closeknit.rooms.demand import reads

    found = reads.list_sharing_accesses(by=args.by)
    if args.json:
        print_json("closeknit.forecast-sharing-log/1", {"accesses": found})
        return 0
    rows = [(a.at, a.partner, a.operation, a.by_name, a.way, a.cells, a.withheld, a.digest[:16]) for a in found]
    header = ("when (UTC)", "partner", "operation", "by", "how", "numbers", "withheld", "content")
    print_table(header, rows, empty="Nothing was taken out yet.")
    return 0


def _share(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.export_shared_forecast import export_shared_forecast

    found = export_shared_forecast(args.agreement, way="command", by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.shared-forecast/1", {"forecast": found})
        return 0
    rows = [
        (
            c.starts_on,
            c.service or "all",
            c.region or "all",
            _number(c.mean),
            _number(c.low),
            _number(c.high),
            c.withheld or "",
        )
        for c in found.cells
    ]
    print_table((f"{found.period} from", "service", "region", "mean", "10 %", "90 %", "withheld"), rows)
    return 0


def _agree(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.agree_sharing import agree_sharing
    from closeknit.rooms.demand.contracts import SharedDetail, SharedField, SharePeriod, WantedSharing

    wanted = WantedSharing(
        partner=args.partner,
        operation=args.operation,
        purpose=args.purpose,
        detail=SharedDetail(args.detail),
        period=SharePeriod(args.period),
        fields=tuple(dict.fromkeys(SharedField(name) for name in args.fields or ("mean",))),
        from_on=args.from_on,
        until_on=args.until_on,
        least_accounts=args.least_accounts,
    )
    return _print(args, agree_sharing(wanted, by=args.by, at=clock.now()))


def _end(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.end_sharing import end_sharing

    end_sharing(args.agreement, reason=args.reason, by=args.by, at=clock.now())
    return _print(args, args.agreement)


def _print(args: argparse.Namespace, agreement_id: UUID) -> int:
    from closeknit.rooms.demand import reads

    card = reads.get_sharing(agreement_id, by=args.by)
    if args.json:
        print_json("closeknit.forecast-sharing-agreement/1", {"agreement": card})
        return 0
    rows = [
        ("agreement", str(card.agreement_id)),
        ("partner", card.partner),
        ("operation", card.operation),
        ("purpose", card.purpose),
        (
            "shared",
            f"{', '.join(card.fields)} by {card.period}, {card.detail}, of {card.least_accounts} accounts or more",
        ),
        ("days", f"{card.from_on} until before {card.until_on}"),
        ("ended", f"{card.ended_at}: {card.end_reason}" if card.ended_at else "no"),
        ("thread", str(card.thread_id)),
    ]
    print_table(("what", "value"), rows)
    return 0


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
