"""Commands of templates."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(agreements: Any) -> None:
    """Add `closeknit agreements templates ...`."""
    templates = agreements.add_group("templates", help="set-ups that proved themselves, for the next account")
    listing = templates.add_parser("list", help="templates by name")
    listing.add_argument("--due", action="store_true", help="only those whose review date has come")
    listing.set_defaults(run=_list)
    custom = templates.add_parser("custom", help="signed contracts that follow no template, the oldest first")
    custom.set_defaults(run=_custom)
    save = templates.add_parser("save", help="keep a signed version of a contract as a template")
    save.add_argument("version", type=UUID)
    save.add_argument("name")
    save.add_argument("--purpose", required=True)
    save.add_argument("--review", dest="review_on", type=arguments.day, required=True, metavar="YYYY-MM-DD")
    save.set_defaults(run=_save)
    use = templates.add_parser("apply", help="draft and propose a contract for an account from a template")
    use.add_argument("template", type=UUID)
    use.add_argument("account")
    use.add_argument("contract")
    use.add_argument("--from", dest="starts_on", type=arguments.day, required=True, metavar="YYYY-MM-DD")
    use.add_argument("--until", dest="ends_on", type=arguments.day, default=None, metavar="YYYY-MM-DD")
    use.add_argument("--reason", required=True)
    use.add_argument("--times", type=arguments.number, default=1.0, help="by which factor times allowed differ")
    use.add_argument("--hours", type=arguments.number, default=1.0, help="by which factor guaranteed hours differ")
    use.set_defaults(run=_apply)
    review = templates.add_parser("review", help="note what a review found, and when the next one is due")
    review.add_argument("template", type=UUID)
    review.add_argument("finding")
    review.add_argument("--next", dest="review_on", type=arguments.day, required=True, metavar="YYYY-MM-DD")
    review.set_defaults(run=_review)
    retire = templates.add_parser("retire", help="take a template out of use")
    retire.add_argument("template", type=UUID)
    retire.add_argument("--because", required=True)
    retire.set_defaults(run=_retire)


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements import reads

    found = reads.list_setups(by=args.by, at=clock.now(), is_due=args.due)
    if args.json:
        print_json("closeknit.contract-templates/1", {"templates": found})
        return 0
    print_table(
        ("template", "state", "clauses", "contracts", "review", "proof", "id"),
        [(c.name, c.state, len(c.clauses), c.used, c.review_on, c.proof, c.template_id) for c in found],
        empty="No template yet.",
    )
    return 0


def _custom(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements import reads

    found = reads.list_custom_setups(by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.custom-contracts/1", {"contracts": found})
        return 0
    print_table(
        ("contract", "account", "signed", "days ago", "review due", "version"),
        [(c.contract_number, c.account_number, c.signed_on, c.age_days, c.is_review_due, c.version_id) for c in found],
        empty="No signed contract in force is made by hand.",
    )
    return 0


def _save(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.save_setup import save_setup
    from closeknit.rooms.agreements.contracts import WantedSetup

    wanted = WantedSetup(version_id=args.version, name=args.name, purpose=args.purpose, review_on=args.review_on)
    return _tell(args, save_setup(wanted, by=args.by, at=clock.now()))


def _apply(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.apply_setup import apply_setup
    from closeknit.rooms.agreements.contracts import WantedOnboarding

    wanted = WantedOnboarding(
        account_number=args.account,
        contract_number=args.contract,
        starts_on=args.starts_on,
        reason=args.reason,
        ends_on=args.ends_on,
        time_factor=args.times,
        hours_factor=args.hours,
    )
    version_id = apply_setup(args.template, wanted, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.contract-drafted/1", {"version_id": version_id})
    else:
        print(f"Drafted and proposed: {version_id}")
    return 0


def _review(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.review_setup import review_setup

    review_setup(args.template, finding=args.finding, review_on=args.review_on, by=args.by, at=clock.now())
    return _tell(args, args.template)


def _retire(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.review_setup import retire_setup

    retire_setup(args.template, because=args.because, by=args.by, at=clock.now())
    return _tell(args, args.template)


def _tell(args: argparse.Namespace, template_id: UUID) -> int:
    """Print one template as it stands."""
    from closeknit.kernel import clock
    from closeknit.rooms.agreements import reads

    card = reads.get_setup(template_id, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.contract-template/1", {"template": card})
    else:
        print(f"{card.template_id} {card.name}, {card.state}: {card.proof}")
    return 0
