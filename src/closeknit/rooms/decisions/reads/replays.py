"""Compute each decision of a thread again from its stored snapshot, and compare with what the ledger says came out."""

from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import CloseknitError, NotFound
from closeknit.rooms.decisions.contracts import LedgerLine, Legible, Recomputed, Replayed, ThreadReplay
from closeknit.rooms.decisions.reads.entries import get_thread
from closeknit.rooms.decisions.reads.policy import judge_again
from closeknit.rooms.org.contracts import Permission

REPLAYS = "replays"
ERASED = "Its text was erased, so nothing is left to compute from."


def replay_thread(thread_id: UUID, *, by: Actor) -> ThreadReplay:
    """Compute each decision of a thread again. Changes nothing.

    Raises:
        NotFound: when there is no such thread, or none that the actor may see.
    """
    by.require(Permission.READ_LEDGER)
    lines = get_thread(thread_id, by=by)
    return ThreadReplay(thread_id, tuple(_replay(line, by) for line in lines if _has_replay(line)))


def judge_line_again(line: LedgerLine, *, by: Actor) -> Recomputed:
    """Judge a proposal again by the table that was in force, from the question as it was asked."""
    then, now = judge_again(line.evidence, by=by)
    version = line.evidence["judgement"]["policy_version"]
    return Recomputed(then, now, f"Judged by policy {version} from the recorded facts.")


def _has_replay(line: LedgerLine) -> bool:
    return line.kind in declared(REPLAYS) or _is_judged(line)


def _is_judged(line: LedgerLine) -> bool:
    return line.kind.endswith(".proposed") and (line.legible is not Legible.OPEN or "question" in line.evidence)


def _replay(line: LedgerLine, by: Actor) -> Replayed:
    recompute = declared(REPLAYS).get(line.kind, judge_line_again)
    failure, found = "", Recomputed("", "", "")
    if line.legible is not Legible.OPEN:
        failure = ERASED
    else:
        try:
            found = recompute(line, by=by)
        except NotFound as refused:
            failure = f"What it was computed from is gone: {refused.what}"
        except CloseknitError as refused:
            failure = f"It cannot be computed again: {refused.what}"
        except (KeyError, TypeError, ValueError) as broken:
            failure = f"What it was computed from cannot be read: {broken!r}"
    return Replayed(line.entry_id, line.kind, line.sentence, found.how, found.then_digest, found.now_digest, failure)
