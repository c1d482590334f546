"""Commands of org: settings by place, and where they deviate."""

import argparse
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

LEVELS = ("global", "region", "site", "tier", "account")


def add_commands(org: Any) -> None:
    """Add `closeknit org settings ...`."""
    settings = org.add_group("settings", help="what the company decides differently by place, and why")
    listing = settings.add_parser("list", help="list every setting with its value for everyone")
    listing.add_argument("--search", default="", help="part of a key or of what it decides")
    listing.set_defaults(run=_list_settings)
    _add_show(settings)
    _add_set(settings)
    end = settings.add_parser("end", help="end a value now, or take back a planned one")
    end.add_argument("value_id", type=int)
    end.add_argument("--reason", required=True)
    end.set_defaults(run=_end_setting)
    review = settings.add_parser("review", help="keep a local value until the next review")
    review.add_argument("value_id", type=int)
    review.add_argument("--until", dest="review_on", type=arguments.day, required=True)
    review.add_argument("--reason", required=True)
    review.set_defaults(run=_review_setting)
    deviations = settings.add_parser("deviations", help="list local values that differ from the global ones")
    deviations.add_argument("--key", default="")
    deviations.add_argument("--level", default="", choices=("", *LEVELS[1:]))
    deviations.add_argument("--place", default="", help="part of a place's name")
    deviations.add_argument("--due", action="store_true", help="only those whose review is due")
    deviations.set_defaults(run=_list_deviations)


def _add_show(settings: Any) -> None:
    show = settings.add_parser("show", help="show a setting's value somewhere, why, and its history")
    show.add_argument("key")
    for level in LEVELS[1:]:
        show.add_argument(f"--{level}", default="")
    show.add_argument("--at", type=arguments.instant, help="default: now")
    show.set_defaults(run=_show_setting)


def _add_set(settings: Any) -> None:
    put = settings.add_parser("set", help="set a value for everyone, or for one place")
    put.add_argument("key")
    put.add_argument("value", help='such as 0.95, "95%%", 24, yes')
    where = put.add_mutually_exclusive_group()
    for level in LEVELS[1:]:
        where.add_argument(f"--{level}", default=None)
    put.add_argument("--reason", required=True)
    put.add_argument("--from", dest="starts_at", type=arguments.instant, help="default: now")
    put.add_argument("--until", dest="ends_at", type=arguments.instant, help="default: until changed")
    put.add_argument("--review-on", type=arguments.day, help="when a local value is looked at again")
    put.set_defaults(run=_set_setting)


def _list_settings(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads

    cards = reads.list_settings(search=args.search, at=clock.now(), by=args.by)
    if args.json:
        print_json("closeknit.settings/1", {"settings": cards})
        return 0
    rows = [
        (c.setting.key, c.setting.show(c.resolved.value), c.resolved.level, c.deviations, c.setting.sentence)
        for c in cards
    ]
    print_table(("setting", "value", "from", "deviations", "what it decides"), rows, empty="No setting matches.")
    return 0


def _show_setting(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads

    setting = reads.get_declared(args.key, by=args.by)
    found = reads.get_setting(
        setting,
        region=args.region,
        site=args.site,
        tier=args.tier,
        account_number=args.account,
        at=args.at or clock.now(),
        by=args.by,
    )
    values = reads.list_setting_values(args.key, by=args.by)
    if args.json:
        print_json("closeknit.setting/1", {"setting": setting, "resolved": found, "values": values})
        return 0
    print(f"{setting.key} = {setting.show(found.value)}: {setting.sentence}")
    for said in found.chain:
        value = setting.show(said.value) if said.found or said.level == "default" else "says nothing"
        why = f" by {said.found.set_by}: {said.found.reason}" if said.found else ""
        print(f"  {'>' if said.wins else ' '} {' '.join(filter(None, (said.level, said.place)))}: {value}{why}")
    print()
    rows = [
        (v.value_id, v.level, v.place, setting.show(v.value), v.set_by, v.starts_at, v.ends_at, v.reason)
        for v in values
    ]
    heads = ("number", "level", "place", "value", "who", "from", "until", "why")
    print_table(heads, rows, empty="Nobody ever set it: closeknit org settings set KEY VALUE --reason WHY.")
    return 0


def _set_setting(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads
    from closeknit.rooms.org.actions.set_setting import set_setting

    level = next((name for name in LEVELS[1:] if getattr(args, name) is not None), LEVELS[0])
    value_id = set_setting(
        args.key,
        reads.get_declared(args.key, by=args.by).read(args.value),
        level=level,
        place=getattr(args, level, None) or "",
        reason=args.reason,
        starts_at=args.starts_at,
        ends_at=args.ends_at,
        review_on=args.review_on,
        by=args.by,
        at=clock.now(),
    )
    value = reads.get_setting_value(value_id, by=args.by)
    if args.json:
        print_json("closeknit.setting-value/1", {"value": value})
    else:
        shown = reads.get_declared(args.key, by=args.by).show(value.value)
        print(
            f"{args.key} is {shown} for {f'{level} {value.place}' if value.place else 'everyone'} (value {value_id})."
        )
    return 0


def _end_setting(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org.actions.end_setting import end_setting

    end_setting(args.value_id, reason=args.reason, by=args.by, at=clock.now())
    return _say_value(args, "Ended")


def _review_setting(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org.actions.review_setting import review_setting

    review_setting(args.value_id, review_on=args.review_on, reason=args.reason, by=args.by, at=clock.now())
    return _say_value(args, "Kept")


def _say_value(args: argparse.Namespace, word: str) -> int:
    from closeknit.rooms.org import reads

    value = reads.get_setting_value(args.value_id, by=args.by)
    if args.json:
        print_json("closeknit.setting-value/1", {"value": value})
    else:
        print(f"{word}: {value.key}{f' for {value.level} {value.place}' if value.place else ''}.")
    return 0


def _list_deviations(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads

    found = reads.list_deviations(
        key=args.key, level=args.level, place=args.place, due_only=args.due, at=clock.now(), by=args.by
    )
    if args.json:
        print_json("closeknit.deviations/1", {"deviations": found})
        return 0
    rows = [
        (
            d.value.value_id,
            d.setting.key,
            f"{d.value.level} {d.value.place}",
            d.setting.show(d.value.value),
            d.setting.show(d.global_value),
            d.value.set_by,
            d.value.starts_at,
            d.value.ends_at,
            f"{d.value.review_on}{' due' if d.is_review_due else ''}" if d.value.review_on else None,
            d.value.reason,
        )
        for d in found
    ]
    heads = ("number", "setting", "where", "value", "global", "who", "since", "until", "review", "why")
    print_table(heads, rows, empty="Every place follows the global values.")
    return 0
