"""Undo a merge: both accounts stand for themselves again, with every record that each had or got since."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from closeknit.kernel.actor import Actor, Place
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.move_records import RecordMove, move_records
from closeknit.rooms.customers.actions.refresh_golden import refresh_golden
from closeknit.rooms.customers.contracts import AccountCorrected, AccountsSplit
from closeknit.rooms.customers.models import Account, AccountMerge, Record, RecordLink, numbers_merged_into
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.actions.place_accounts import place_accounts
from closeknit.rooms.org.contracts import Permission


def split_accounts(merge_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """End a merge. Records go back to where they came from; those that named the absorbed number since go there, too.

    Nothing was rewritten by the merge, so nothing is lost by its end. Ended already: nothing happens.

    Raises:
        NotFound: for a merge of accounts that the actor may not see.
        Invalid: without a reason.
        Conflict: where the kept account was itself merged since: split that first.
    """
    by.require(Permission.LOAD_DATA)
    reads.get_merge(merge_id, by=by)
    if not reason.strip():
        raise Invalid("A split needs a reason.", where="reason", todo="Say how you know that they are two.")
    with transaction.atomic():
        merge = AccountMerge.objects.select_for_update().filter(pk=merge_id).first()
        if merge is None:
            raise NotFound("There is no such merge.", where=str(merge_id))
        if merge.split_at is not None:
            return
        kept, absorbed = _lock(merge)
        merge.split_at, merge.split_reason = at, reason.strip()
        merge.split_by_key, merge.split_by_name = by.key, by.name
        merge.save(update_fields=["split_at", "split_reason", "split_by_key", "split_by_name"])
        absorbed.merged_into = ""
        absorbed.save(update_fields=["merged_into"])
        names = [absorbed.account_number, *numbers_merged_into(absorbed.account_number)]
        place_accounts((Place(name, absorbed.team_id, absorbed.region) for name in names), by=by)
        moved = _move_back(merge, by, at)
        numbers = [kept.account_number, absorbed.account_number]
        refresh_golden(numbers, thread_id=merge.thread_id, by=by)
        record_entry(_entry(merge, moved), by=by)
        publish(AccountsSplit(merge.thread_id, merge.pk, *numbers), by=by)
        for number in numbers:
            publish(AccountCorrected(merge.thread_id, number, "records"), by=by)


def _lock(merge: AccountMerge) -> tuple[Account, Account]:
    numbers = [merge.kept_number, merge.absorbed_number]
    rows = Account.objects.select_for_update().filter(account_number__in=numbers).order_by("account_number")
    found = {row.account_number: row for row in rows}
    kept = found[merge.kept_number]
    if kept.merged_into:
        raise Conflict(
            f"{kept.account_number} was merged into {kept.merged_into} since.",
            where=kept.account_number,
            todo="Split that merge first.",
        )
    return kept, found[merge.absorbed_number]


def _move_back(merge: AccountMerge, by: Actor, at: datetime) -> int:
    """Records that this merge brought, and those that named the absorbed account or a name of it since."""
    brought = RecordLink.objects.filter(merge=merge).values("record_id")
    names = [merge.absorbed_number, *numbers_merged_into(merge.absorbed_number)]
    rows = Record.objects.select_for_update().filter(account_number=merge.kept_number)
    rows = rows.filter(Q(pk__in=brought) | Q(stated_number__in=names)).order_by("pk")
    sentence = f"{merge.absorbed_number} stands for itself again."
    moves = [RecordMove(row, merge.absorbed_number, "split", sentence, at) for row in rows]
    return move_records(moves, thread_id=merge.thread_id, by=by)


def _entry(merge: AccountMerge, moved: int) -> Entry:
    return Entry(
        thread_id=merge.thread_id,
        kind="accounts.split",
        subject=f"merge:{merge.pk}",
        sentence=f"{merge.absorbed_number} and {merge.kept_number} are two accounts again. {merge.split_reason}",
        account_number=merge.kept_number,
        evidence={
            "merge_id": merge.pk,
            "kept": merge.kept_number,
            "absorbed": merge.absorbed_number,
            "records_moved_back": moved,
        },
    )
