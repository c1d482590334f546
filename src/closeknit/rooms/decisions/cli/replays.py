"""Command to compute a thread's decisions again."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel.output import print_json


def add_commands(decisions: Any) -> None:
    """Add `closeknit decisions replay THREAD`."""
    replay = decisions.add_parser("replay", help="compute a thread's decisions again and compare every digest")
    replay.add_argument("thread", type=UUID)
    replay.set_defaults(run=_replay)


def _replay(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    found = reads.replay_thread(args.thread, by=args.by)
    if args.json:
        listed = [{"same": one.same, "decision": one} for one in found.replayed]
        print_json("closeknit.thread-replay/1", {"thread_id": args.thread, "same": found.same, "decisions": listed})
        return 0 if found.same else 1
    for one in found.replayed:
        print(f"{'same     ' if one.same else 'DIFFERENT'}  line {one.entry_id}, {one.kind}: {one.sentence}")
        print(f"  {one.failure or one.how}\n  then {one.then_digest or '–'}\n  now  {one.now_digest or '–'}")
    if not found.replayed:
        print("No line of this thread is a decision that is computed.")
    return 0 if found.same else 1
