"""Erase a subject: its words go from every table, its key in the ledger is destroyed, and every proof still holds."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.decisions.actions.erase_subject import erase_subject as erase_in_ledger
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.actions.pass_gate import pass_gate
from closeknit.rooms.privacy.compute.scrubbing import ERASED, scrub
from closeknit.rooms.privacy.contracts.keeping import (
    DataClass,
    DataRequest,
    PersonalTable,
    RequestKind,
    SubjectErased,
    SubjectErasure,
    Verdict,
)
from closeknit.rooms.privacy.contracts.subjects import ACCOUNT, CONTACT, PERSON, Subject
from closeknit.rooms.privacy.models import ErasureRow
from closeknit.rooms.privacy.reads.access import jurisdictions_of, names_of, require_subject
from closeknit.rooms.privacy.reads.consents import wait_for_uses
from closeknit.rooms.privacy.reads.keeping import get_erasure, get_request
from closeknit.rooms.privacy.reads.personal_tables import SHORTEST_NAME, tables_of
from closeknit.rooms.privacy.reads.pseudonyms import pseudonym_of

JOURNAL = "erasures.jsonl"
REASONS = 2000
MOST_WORDS = 21


def erase_subject(
    subject: Subject,
    *,
    reason: str,
    request_id: UUID | None = None,
    also_known_as: Sequence[str] = (),
    by: Actor,
    at: datetime,
) -> SubjectErasure:
    """Take the subject's words out of live tables, outbox, messages and evidence, and destroy its key; say what went.

    What a law keeps stays, and is named with the day until which. The reason stands for good: keep personal data out.
    An account goes under each of its names. A contact at a customer has no rows of its own: a text goes where it says
    one of the words that it is `also_known_as` (name, mail address, number); these are kept nowhere.

    Raises:
        Conflict: while a hold or another open request protects the subject, or where no rule says how long to keep.
        Invalid: without a reason, for a request that asks for something else, or words too short to be looked for.
        NotFound: for a subject out of sight.
    """
    by.require(Permission.MANAGE_PRIVACY)
    if not reason.strip() or len(reason) > REASONS:
        raise Invalid("An erasure needs a reason.", where="reason", todo="Say why, without personal data.")
    require_subject(subject, by, Permission.MANAGE_PRIVACY)
    request = _request(request_id, subject, by)
    words = _words(subject, also_known_as)
    tables, names = tables_of(subject.kind), names_of(subject)
    for name in names:
        _ask(name, tables, request, by, at)
    with transaction.atomic(), seeing_everything():
        wait_for_uses(*names)
        # Asked again where nobody can place a hold any more.
        kept = _kept([verdict for name in names for verdict in _ask(name, tables, request, by, at, on_record=False)])
        gone = [table for table in tables if table.data_class not in {verdict.data_class for verdict in kept}]
        known = sorted({*words, *(word for name in names for word in _names(tables, name.reference))})
        fields = _summed([found for table in gone for name in names for found in _erase(table, name, known)])
        went = [_erase_lines(name, reason) for name in names]
        keys, lines = sum(each[0] for each in went), sum(each[1] for each in went)
        row = ErasureRow.objects.create(
            id=ids.new_id(),
            thread_id=ids.new_id(),
            subject_kind=subject.kind,
            pseudonym=pseudonym_of(subject),
            reason=reason.strip(),
            fields=fields,
            kept=[_plain(verdict) for verdict in kept],
            keys=keys,
            lines=lines,
            erased_at=at,
            erased_by_key=by.key,
            erased_by_name=by.name,
        )
        record_entry(_entry(row), by=by)
        publish(SubjectErased(row.thread_id, row.pk), by=by)
        transaction.on_commit(lambda: _keep_outside(row, names))
    return get_erasure(row.pk, by=by)


def _words(subject: Subject, also_known_as: Sequence[str]) -> list[str]:
    """What names a contact in other texts: the words given, and its reference where that could be a name."""
    if subject.kind != CONTACT:
        if any(word.strip() for word in also_known_as):
            raise Invalid("Only a contact is looked for by other words.", where="also_known_as", todo="Leave them out.")
        return []
    words = [word.strip() for word in (*also_known_as, subject.reference) if word.strip()]
    short = [word for word in words[:-1] if len(word) < SHORTEST_NAME]
    if short or len(words) > MOST_WORDS:
        raise Invalid(
            f"{len(short) or len(words)} of these words cannot be looked for.",
            where="also_known_as",
            todo=f"Give at most {MOST_WORDS - 1} words of at least {SHORTEST_NAME} letters.",
        )
    return [word for word in words if len(word) >= SHORTEST_NAME]


def _kept(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """One verdict of each class: that of the name which must stay longest."""
    latest = sorted(verdicts, key=lambda verdict: verdict.keep_until or date.max)
    return list({verdict.data_class: verdict for verdict in latest}.values())


def _summed(fields: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], int] = {}
    for field in fields:
        place = (field["table"], field["column"])
        found[place] = found.get(place, 0) + field["rows"]
    return [{"table": table, "column": column, "rows": rows} for (table, column), rows in found.items()]


def _request(request_id: UUID | None, subject: Subject, by: Actor) -> DataRequest | None:
    if request_id is None:
        return None
    request = get_request(request_id, by=by)
    if request.kind is not RequestKind.ERASURE or request.subject != subject:
        raise Invalid("This request asks for something else.", where="request", todo="Name the request to erase it.")
    return request


def _ask(
    subject: Subject,
    tables: Sequence[PersonalTable],
    request: DataRequest | None,
    by: Actor,
    at: datetime,
    *,
    on_record: bool = True,
) -> list[Verdict]:
    """Return what must stay until a day; refuse where something protects the subject as such."""
    if not tables:
        raise Conflict("No table is declared to hold data of such subjects.", where=subject.kind)
    classes: list[DataClass] = sorted({table.data_class for table in tables})
    where = jurisdictions_of([subject])[subject]
    verdicts = pass_gate(
        classes,
        subject,
        jurisdiction=where,
        what="the erasure of a subject",
        answering=request,
        on_record=on_record,
        by=by,
        at=at,
    )
    refused = [verdict for verdict in verdicts if not verdict.is_allowed and verdict.keep_until is None]
    if refused:
        raise Conflict(
            refused[0].why, where=str(subject), todo="Release the hold, answer the request, or adopt a rule of keeping."
        )
    return [verdict for verdict in verdicts if not verdict.is_allowed]


def _names(tables: Sequence[PersonalTable], reference: str) -> list[str]:
    """Return what names the subject: the values of the columns that hold names."""
    found: set[str] = set()
    with connection.cursor() as cursor:
        for table in tables:
            for column in table.known:
                cursor.execute(
                    f"select distinct {column}::text from {table.table} t where ({table.where})", {"ref": reference}
                )
                found |= {value for (value,) in cursor.fetchall() if value}
    return sorted(name for name in found if len(name) >= SHORTEST_NAME and name not in (ERASED, reference))


def _erase(table: PersonalTable, subject: Subject, known: list[str]) -> list[dict[str, Any]]:
    found = []
    for column, how in table.columns.items():
        rows = _ERASERS[how](table, column, subject, known)
        if rows:
            found.append({"table": table.table, "column": column, "rows": rows})
    return found


def _erase_text(table: PersonalTable, column: str, subject: Subject, known: list[str]) -> int:
    del known
    return _update(
        f"update {table.table} t set {column} = %(erased)s where ({table.where}) and {column} not in ('', %(erased)s)",
        {"ref": subject.reference},
    )


def _erase_mentions(table: PersonalTable, column: str, subject: Subject, known: list[str]) -> int:
    return _update(
        f"update {table.table} t set {column} = %(erased)s where ({table.where})"
        f" and exists (select from unnest(%(known)s::text[]) k where position(k in {column}) > 0)",
        {"ref": subject.reference, "known": known},
    )


def _erase_bytes(table: PersonalTable, column: str, subject: Subject, known: list[str]) -> int:
    return _update(
        f"update {table.table} t set {column} = '' where ({table.where})"
        f" and exists (select from unnest(%(known)s::text[]) k where position(convert_to(k, 'UTF8') in {column}) > 0)",
        {"ref": subject.reference, "known": [*known, subject.reference]},
    )


def _erase_pseudonym(table: PersonalTable, column: str, subject: Subject, known: list[str]) -> int:
    del known
    return _update(
        f"update {table.table} t set {column} = %(name)s where ({table.where})",
        {"ref": subject.reference, "name": pseudonym_of(subject)},
    )


def _erase_json(table: PersonalTable, column: str, subject: Subject, known: list[str]) -> int:
    return _scrub_rows(table, column, subject, known, whole=True)


def _erase_json_mentions(table: PersonalTable, column: str, subject: Subject, known: list[str]) -> int:
    return _scrub_rows(table, column, subject, known, whole=False)


def _erase_bytes_mentions(table: PersonalTable, column: str, subject: Subject, known: list[str]) -> int:
    return _scrub_rows(table, column, subject, known, whole=False, is_bytes=True)


_ERASERS = {
    "text": _erase_text,
    "mentions": _erase_mentions,
    "bytes": _erase_bytes,
    "pseudonym": _erase_pseudonym,
    "json": _erase_json,
    "json-mentions": _erase_json_mentions,
    "bytes-mentions": _erase_bytes_mentions,
}


def _scrub_rows(
    table: PersonalTable, column: str, subject: Subject, known: list[str], *, whole: bool, is_bytes: bool = False
) -> int:
    text = f"convert_from({column}, 'UTF8')" if is_bytes else f"{column}::text"
    changed = 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"select ctid, {text} from {table.table} t where ({table.where}) and {column} is not null for update",
            {"ref": subject.reference},
        )
        for place, said in cursor.fetchall():
            before = json.loads(said)
            after = scrub(before, known=known, reference=subject.reference, whole=whole)
            if after != before:
                written = canonical_bytes(after) if is_bytes else json.dumps(after)
                cursor.execute(f"update {table.table} set {column} = %s where ctid = %s::tid", [written, place])
                changed += 1
    return changed


def _update(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"erased": ERASED, **values})
        return int(cursor.rowcount)


def _erase_lines(subject: Subject, reason: str) -> tuple[int, int]:
    """Destroy the subject's key in the ledger: the gate was passed, so no right to manage the ledger is asked for."""
    names = {ACCOUNT: "account_number", PERSON: "person_key"}
    if subject.kind not in names:
        return 0, 0
    try:
        done = erase_in_ledger(**{names[subject.kind]: subject.reference}, reason=reason.strip(), by=org.system_actor())
    except NotFound:
        return 0, 0
    return done.keys, done.lines


def _plain(verdict: Verdict) -> dict[str, Any]:
    until: date | None = verdict.keep_until
    return {
        "data_class": verdict.data_class.value,
        "why": verdict.why,
        "until_on": until.isoformat() if until else None,
    }


def _keep_outside(row: ErasureRow, names: Sequence[Subject]) -> None:
    """Note the erasure beside the ledger's checkpoints, so that it can be done again after an old backup came back.

    A contact's other words are not noted: after an old backup, whoever asked to go is asked for them again.
    """
    path = Path(settings.LEDGER_FOLDER) / JOURNAL
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {"kind": row.subject_kind, "erased_at": row.erased_at.isoformat()}
    with path.open("a", encoding="utf-8") as file:
        for name in names:
            file.write(json.dumps({"pseudonym": pseudonym_of(name), **said}) + "\n")


def _entry(row: ErasureRow) -> Entry:
    kept = f" {len(row.kept)} classes stay by law." if row.kept else ""
    return Entry(
        thread_id=row.thread_id,
        kind="subject.erased",
        subject=f"erasure:{row.pk}",
        sentence=f"{{actor}} erased a subject ({row.subject_kind}): {len(row.fields)} fields, {row.lines} lines.{kept}",
        evidence={
            "erasure_id": row.pk,
            "subject": row.pseudonym,
            "fields": row.fields,
            "kept": row.kept,
            "keys": row.keys,
            "reason": row.reason,
        },
    )
