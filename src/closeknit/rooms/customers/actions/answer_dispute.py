"""The steward's answer: the fact is corrected, or it stands."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.move_records import RecordMove, move_records
from closeknit.rooms.customers.actions.refresh_golden import refresh_golden
from closeknit.rooms.customers.actions.report_wrong_fact import LONGEST_VALUE
from closeknit.rooms.customers.compute.disputes import dispute_cause
from closeknit.rooms.customers.contracts import (
    CONSENT,
    PERSONAL_FIELDS,
    STANDING_FACTS,
    STEWARD,
    AccountCorrected,
    DisputeAnswered,
)
from closeknit.rooms.customers.models import Dispute, Doubt, Record, RecordVersion
from closeknit.rooms.customers.reads.claims import group_of, statements_in_force
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission


def answer_dispute(dispute_id: UUID, *, corrected: str | None, answer: str, by: Actor, at: datetime) -> None:
    """Correct the disputed field to a value, or say that it stands (None); with a sentence either way.

    A correction is kept as the steward's own word, every source that states the wrong value is trusted no more in this
    field until it states another one, and all that stands on the field hears of it. What no record states
    (`STANDING_FACTS`) is put right where it comes from; here stands what is right.

    Raises:
        NotFound: for a dispute of an account that the actor may not see.
        Denied: for who is neither the steward nor keeps data right, nor, without a steward, decides.
        Invalid: without an answer, or for a value that is empty or says the same.
        Conflict: when it was answered already.
    """
    by.require(Permission.READ_ACCOUNTS)
    with transaction.atomic():
        row = Dispute.objects.select_for_update().filter(pk=dispute_id).first()
        if row is None:
            raise NotFound("There is no such dispute.", where=str(dispute_id))
        reads.get_account(row.account_number, by=by)
        _require_may_answer(row, by)
        if row.state != "open":
            raise Conflict(f"{row.answered_by_name} answered this already.", where=str(dispute_id))
        _check(row, corrected, answer)
        row.state = "stands" if corrected is None else "corrected"
        row.corrected, row.answer = (corrected or "").strip(), answer.strip()
        row.answered_by_key, row.answered_by_name, row.answered_at = by.key, by.name, at
        row.save(update_fields=["state", "corrected", "answer", "answered_by_key", "answered_by_name", "answered_at"])
        if corrected is not None:
            _correct(row, by, at)
        close_escalation(cause=dispute_cause(row.pk), reason=f"{by.name} answered.", by=by, at=at)
        record_entry(_entry(row), by=by)
        publish(DisputeAnswered(row.thread_id, row.pk, row.account_number, row.field, row.state), by=by)


def may_answer(steward_key: str, *, by: Actor) -> bool:
    """Return whether the actor may answer a dispute of this steward's ("": nobody is appointed)."""
    return by.key == steward_key or by.may(Permission.LOAD_DATA) or (not steward_key and by.may(Permission.DECIDE))


def _require_may_answer(row: Dispute, by: Actor) -> None:
    if not may_answer(row.steward_key, by=by):
        raise Denied(
            f"{by.name} does not answer for this field.",
            where=f"steward {row.steward_name or 'not appointed'}",
            todo="Leave it to the steward, or ask who keeps the data right.",
        )


def _check(row: Dispute, corrected: str | None, answer: str) -> None:
    if not answer.strip():
        raise Invalid("An answer needs a reason.", where="answer", todo="Say how you know, in a sentence.")
    if corrected is None:
        return
    value = corrected.strip()
    if not value or len(value) > LONGEST_VALUE:
        raise Invalid("This is no value.", where="corrected", todo="Give the right value, or say that it stands.")
    if value == row.value:
        raise Invalid("This is the value that stands.", where="corrected", todo="Give another one, or let it stand.")
    if row.field == CONSENT and value not in ("yes", "no"):
        raise Invalid("This is neither yes nor no.", where="corrected", todo="Write yes or no.")


def _correct(row: Dispute, by: Actor, at: datetime) -> None:
    system = org.system_actor()
    if row.field in STANDING_FACTS:
        publish(AccountCorrected(row.thread_id, row.account_number, row.field), by=by)
        return
    statements = statements_in_force(row.account_number, by=system)
    # Before the doubt: what survives together with the wrong value is not wrong for that.
    fields = group_of(row.account_number, row.field, by=system) | {row.field: row.corrected}
    Doubt.objects.bulk_create(
        (
            Doubt(record_id=each.record_id, field=row.field, value=row.value, from_at=at, dispute=row)
            for each in statements
            if row.value and each.fields.get(row.field) == row.value
        ),
        ignore_conflicts=True,
    )
    ids_of = [each.record_id for each in statements]
    # What is right now is trusted again, also from who said it before.
    Doubt.objects.filter(record_id__in=ids_of, field=row.field, value=row.corrected, until_at=None).update(until_at=at)
    _write_word(row, fields, by, at)
    refresh_golden([row.account_number], thread_id=row.thread_id, by=system)
    publish(AccountCorrected(row.thread_id, row.account_number, row.field), by=by)


def _write_word(row: Dispute, fields: dict[str, str], by: Actor, at: datetime) -> None:
    """Keep the steward's word: a record of its own for each field or group of fields."""
    key = f"{row.account_number}#{min(fields)}"
    record, is_new = Record.objects.get_or_create(
        system=STEWARD, record_key=key, defaults={"stated_number": row.account_number, "seen_at": at}
    )
    RecordVersion.objects.filter(record=record, replaced_at=None).update(replaced_at=at)
    RecordVersion.objects.create(
        record=record,
        fields={name: value for name, value in fields.items() if value},
        observed_at=at,
        learned_at=at,
        stated_by_key=by.key,
        stated_by_name=by.name,
    )
    if is_new or record.account_number != row.account_number:
        move = RecordMove(record, row.account_number, "person", f"{by.name} corrected the {row.field}.", at)
        move_records([move], thread_id=row.thread_id, by=org.system_actor())


def _entry(row: Dispute) -> Entry:
    what = "stands" if row.state == "stands" else "was wrong and is corrected"
    evidence = {"dispute_id": row.pk, "field": row.field, "state": row.state, "answer": row.answer}
    if row.field not in PERSONAL_FIELDS:
        evidence |= {"before": row.value, "after": row.corrected}
    return Entry(
        thread_id=row.thread_id,
        kind="fact.answered",
        subject=f"dispute:{row.pk}",
        sentence=f"{{actor}} answered: the {row.field.replace('_', ' ')} of {row.account_number} {what}.",
        account_number=row.account_number,
        evidence=evidence,
    )
