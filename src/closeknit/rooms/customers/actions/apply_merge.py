"""Carry out a merge that was approved."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor, Place
from closeknit.kernel.errors import Conflict
from closeknit.kernel.events import publish
from closeknit.rooms.customers.actions.move_records import RecordMove, move_records
from closeknit.rooms.customers.actions.refresh_golden import refresh_golden
from closeknit.rooms.customers.contracts import AccountCorrected, AccountsMerged
from closeknit.rooms.customers.models import Account, AccountMerge, Record, numbers_merged_into
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry, ProposalState, Proposed
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.actions.place_accounts import place_accounts


def apply_merge(proposal_id: UUID, *, by: Actor, at: datetime) -> None:
    """Make the absorbed number another name of the kept one. Done already: nothing happens.

    Called by the wiring after an approval, as whoever approved it. The decision is what allows it, so no permission is
    asked again; what nobody approved, or would go round in a circle by now, is refused.
    """
    # Asked as the system: whoever approved may have borrowed the right, and given it back.
    system = org.system_actor()
    proposed = decisions.get_proposed(proposal_id, by=system)
    if proposed.kind != "merge" or proposed.state is not ProposalState.APPROVED:
        raise Conflict("Nobody approved this merge.", where=str(proposal_id), todo="Decide its proposal first.")
    kept_number, absorbed_number = proposed.after["kept"], proposed.after["absorbed"]
    with transaction.atomic():
        if AccountMerge.objects.filter(proposal_id=proposal_id).exists():
            return
        kept, absorbed = _lock(kept_number, absorbed_number)
        merge = AccountMerge.objects.create(
            id=ids.new_id(),
            thread_id=proposed.thread_id,
            proposal_id=proposal_id,
            kept_number=kept_number,
            absorbed_number=absorbed_number,
            reason=proposed.after["why"],
            merged_at=at,
            merged_by_key=by.key,
            merged_by_name=by.name,
        )
        absorbed.merged_into = kept_number
        absorbed.save(update_fields=["merged_into"])
        names = [absorbed_number, *numbers_merged_into(absorbed_number)]
        place_accounts((Place(name, kept.team_id, kept.region) for name in names), by=system)
        moved = _move(merge, system, at)
        refresh_golden([kept_number], thread_id=merge.thread_id, by=system)
        record_entry(_entry(merge, moved, proposed), by=by)
        publish(AccountsMerged(merge.thread_id, merge.pk, kept_number, absorbed_number), by=by)
        publish(AccountCorrected(merge.thread_id, kept_number, "records"), by=by)


def _lock(kept_number: str, absorbed_number: str) -> tuple[Account, Account]:
    """Lock both, in one order everywhere: of two merges that would make a circle the second sees the first."""
    rows = Account.objects.select_for_update().filter(account_number__in=[kept_number, absorbed_number])
    found = {row.account_number: row for row in rows.order_by("account_number")}
    if len(found) < 2:
        raise Conflict("One of the two accounts is gone.", where=absorbed_number)
    for number in (kept_number, absorbed_number):
        if found[number].merged_into:
            raise Conflict(
                f"{number} was merged into {found[number].merged_into} meanwhile.",
                where=number,
                todo="Propose the merge anew, of the accounts that stand.",
            )
    return found[kept_number], found[absorbed_number]


def _move(merge: AccountMerge, by: Actor, at: datetime) -> int:
    rows = Record.objects.select_for_update().filter(account_number=merge.absorbed_number).order_by("pk")
    sentence = f"{merge.absorbed_number} was merged into {merge.kept_number}."
    moves = [RecordMove(row, merge.kept_number, "merge", sentence, at) for row in rows]
    return move_records(moves, thread_id=merge.thread_id, merge_id=merge.pk, by=by)


def _entry(merge: AccountMerge, moved: int, proposed: Proposed) -> Entry:
    return Entry(
        thread_id=merge.thread_id,
        kind="accounts.merged",
        subject=f"merge:{merge.pk}",
        sentence=f"{merge.absorbed_number} is another name of {merge.kept_number} from now on. {merge.reason}",
        account_number=merge.kept_number,
        evidence={
            "merge_id": merge.pk,
            "kept": merge.kept_number,
            "absorbed": merge.absorbed_number,
            "records_moved": moved,
            "proposal_id": proposed.proposal_id,
            "decided_by": proposed.decided_by,
        },
    )
