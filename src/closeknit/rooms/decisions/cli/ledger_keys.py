"""Commands of the ledger's keys: erase a subject, change the signing key, accept a break."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json


def add_commands(decisions: Any) -> None:
    """Add the commands of keys to `closeknit decisions`."""
    erase = decisions.add_parser("erase", help="destroy the key of what the ledger says about a subject")
    subject = erase.add_mutually_exclusive_group(required=True)
    subject.add_argument("--account", default="", metavar="NUMBER", help="all lines about this account")
    subject.add_argument("--person", default="", metavar="KEY", help="the name of who acted, as person:12")
    erase.set_defaults(run=_erase)
    lost = decisions.add_parser("give-up-keys", help="after the loss of the text key: go on with new keys")
    lost.set_defaults(run=_give_up)
    accept = decisions.add_parser("accept-break", help="accept that an epoch broke off sealed lines")
    accept.add_argument("epoch", type=int)
    accept.set_defaults(run=_accept_break)
    for command in (erase, lost, accept):
        command.add_argument("--reason", required=True, help="a sentence for the ledger, without personal data")
    rotate = decisions.add_parser("rotate-key", help="replace the signing key; the old one names the new one")
    rotate.set_defaults(run=_rotate)


def _erase(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions.actions.erase_subject import erase_subject

    done = erase_subject(account_number=args.account, person_key=args.person, reason=args.reason, by=args.by)
    return _say_erased(args, done)


def _give_up(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions.actions.erase_subject import give_up_keys

    return _say_erased(args, give_up_keys(reason=args.reason, by=args.by))


def _say_erased(args: argparse.Namespace, done: Any) -> int:
    if args.json:
        print_json("closeknit.erasure/1", {"erasure": done})
        return 0
    print(f"{done.lines} lines can no longer be read; {done.keys} keys are destroyed. Line {done.entry_id} records it.")
    if done.left_in_clear:
        print(f"  {done.left_in_clear} older lines were written in the clear and stay: their proofs need them.")
    print("  Backups made before now still hold the keys: let them expire, or erase again after restoring one.")
    return 0


def _accept_break(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions.actions.accept_break import accept_break

    entry_id = accept_break(args.epoch, reason=args.reason, by=args.by)
    if args.json:
        print_json("closeknit.break-accepted/1", {"epoch": args.epoch, "entry_id": entry_id})
    else:
        print(f"Accepted: line {entry_id} records it. `closeknit decisions verify` passes with a notice.")
    return 0


def _rotate(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions.actions.rotate_key import rotate_key

    public_key = rotate_key(by=args.by)
    if args.json:
        print_json("closeknit.ledger-key/1", {"public_key": public_key})
    else:
        print(f"Checkpoints are signed by {public_key} from now on. Who pinned an earlier key need do nothing.")
    return 0
