"""Say by hand whose a record is, or that two records are one account or two."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.merge_accounts import merge_accounts
from closeknit.rooms.customers.actions.move_records import RecordMove, move_records
from closeknit.rooms.customers.actions.refresh_golden import refresh_golden
from closeknit.rooms.customers.contracts import AccountCorrected
from closeknit.rooms.customers.models import Record, RecordMatch
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission


def link_record(record_id: int, account_number: str, *, reason: str, by: Actor, at: datetime) -> None:
    """Give a record to an account, or take it from one ("": nobody's). There already: nothing happens.

    Raises:
        NotFound: for a record or account that the actor may not see.
        Invalid: without a reason.
        Conflict: for the account's own statement of itself: merge or split the accounts instead.
    """
    by.require(Permission.LOAD_DATA)
    _require_reason(reason)
    number = reads.get_account(account_number, by=by).account_number if account_number else ""
    with transaction.atomic():
        _link(record_id, number, reason.strip(), ids.new_id(), by, at)


def judge_match(match_id: UUID, *, are_one: bool, reason: str, by: Actor, at: datetime) -> UUID | None:
    """Say whether two records are one account; return the proposal's id where that would merge two accounts.

    Two that are said to be different are never brought together by matching again. Judged so already: nothing happens.
    """
    by.require(Permission.LOAD_DATA)
    _require_reason(reason)
    with transaction.atomic():
        match = RecordMatch.objects.select_for_update().filter(pk=match_id).first()
        if match is None:
            raise NotFound("There is no such pair.", where=str(match_id))
        state = "joined" if are_one else "different"
        if match.state == state and match.decided_by_key == by.key:
            return None
        first, second = (Record.objects.get(pk=pk) for pk in (match.first_id, match.second_id))
        match.state, match.reason = state, reason.strip()
        match.decided_by_key, match.decided_by_name, match.decided_at = by.key, by.name, at
        match.save(update_fields=["state", "reason", "decided_by_key", "decided_by_name", "decided_at"])
        record_entry(_judged(match, first, second), by=by)
        if not are_one:
            _part(match, first, second, by, at)
            return None
        return _join(match, first, second, by, at)


def _join(match: RecordMatch, first: Record, second: Record, by: Actor, at: datetime) -> UUID | None:
    if first.account_number and second.account_number:
        if first.account_number == second.account_number:
            return None
        # The account that states itself is kept; of two, the smaller number.
        kept, absorbed = sorted((first, second), key=lambda one: (not one.is_own, one.account_number))
        return merge_accounts(kept.account_number, absorbed.account_number, reason=match.reason, by=by, at=at)
    found = first.account_number or second.account_number
    if found:
        lone = second if first.account_number else first
        _link(lone.pk, found, match.reason, match.thread_id, by, at)
    return None


def _part(match: RecordMatch, first: Record, second: Record, by: Actor, at: datetime) -> None:
    """Take apart what matching had joined: the record that names no account of its own leaves."""
    if not first.account_number or first.account_number != second.account_number:
        return
    lone = next((one for one in (second, first) if not one.stated_number), None)
    if lone is not None:
        _link(lone.pk, "", match.reason, match.thread_id, by, at)


def _link(record_id: int, number: str, reason: str, thread_id: UUID, by: Actor, at: datetime) -> None:
    record = Record.objects.select_for_update().filter(pk=record_id).first()
    if record is None:
        raise NotFound("There is no such record.", where=str(record_id))
    before = record.account_number
    if before == number:
        return
    if record.is_own:
        raise Conflict(
            f"{record.record_key} states this account itself.",
            where=f"{record.system} {record.record_key}",
            todo="Merge the two accounts, or split them.",
        )
    move_records([RecordMove(record, number, "person", reason, at)], thread_id=thread_id, by=by)
    touched = sorted({before, number} - {""})
    refresh_golden(touched, thread_id=thread_id, by=by)
    record_entry(_linked(record, before, number, reason, thread_id), by=by)
    for each in touched:
        publish(AccountCorrected(thread_id, each, "records"), by=by)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("This needs a reason.", where="reason", todo="Say how you know, in a sentence.")


def _linked(record: Record, before: str, number: str, reason: str, thread_id: UUID) -> Entry:
    name = f"{record.system} {record.record_key}"
    went = f"gave {name} to {number}" if number else f"took {name} from {before}"
    return Entry(
        thread_id=thread_id,
        kind="record.linked",
        subject=f"record:{record.pk}",
        sentence=f"{{actor}} {went}. {reason}",
        account_number=number or before,
        evidence={"record_id": record.pk, "before": before, "after": number},
    )


def _judged(match: RecordMatch, first: Record, second: Record) -> Entry:
    said = "one account" if match.state == "joined" else "two"
    names = f"{first.system} {first.record_key} and {second.system} {second.record_key}"
    return Entry(
        thread_id=match.thread_id,
        kind="match.judged",
        subject=f"match:{match.pk}",
        sentence=f"{{actor}} says that {names} are {said}. {match.reason}",
        account_number=first.account_number or second.account_number,
        evidence={"match_id": match.pk, "state": match.state, "bits": str(match.total_bits), "rule": match.rule},
    )
