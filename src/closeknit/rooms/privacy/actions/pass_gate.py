"""The one gate of every deletion: a hold, an open request, a floor of keeping; no rule, no deletion. On record."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.deletions import Clearance, Deletion
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.reads.timing import database_now
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.compute import judge_deletion
from closeknit.rooms.privacy.contracts.keeping import DataClass, DataRequest, Verdict
from closeknit.rooms.privacy.contracts.subjects import Subject
from closeknit.rooms.privacy.models import GateVerdict
from closeknit.rooms.privacy.reads.keeping import holds_standing, requests_open, rules_in_force
from closeknit.rooms.privacy.reads.pseudonyms import pseudonym_of

REPEAT_AFTER = timedelta(days=1)


def pass_gate(
    classes: Sequence[DataClass],
    subject: Subject,
    *,
    jurisdiction: str,
    what: str,
    newest: dict[DataClass, date | None] | None = None,
    answering: DataRequest | None = None,
    on_record: bool = True,
    by: Actor,
    at: datetime,
) -> list[Verdict]:
    """Return the gate's verdict on each class of a subject's data, and put them on record (unless they are already).

    `newest`: the day of the newest row of each class; not named: there are rows of today.
    """
    by.require(Permission.MANAGE_PRIVACY)
    with transaction.atomic(), seeing_everything():
        rules, holds, requests = rules_in_force(), holds_standing(), requests_open(subject)
        verdicts = [
            judge_deletion(
                data_class,
                subject=subject,
                jurisdiction=jurisdiction,
                newest_on=(newest or {}).get(data_class),
                on=at.date(),
                rules=rules,
                holds=holds,
                requests=requests,
                answering=answering,
            )
            for data_class in classes
        ]
        for verdict in verdicts if on_record else ():
            _record(verdict, pseudonym_of(subject), what, by, at)
    return verdicts


def judge_bulk(deletion: Deletion, *, left_out: Collection[Subject] = (), by: Actor) -> Clearance:
    """Say whether old rows of a class may go, whomever they are about. The kernel's door asks this (web/wiring.py).

    Of rows that are told apart by subject, those of `left_out` stay: their holds keep no others.
    """
    by.require(Permission.READ_ACCOUNTS)
    with transaction.atomic(), seeing_everything():
        now = database_now()
        try:
            data_class = DataClass(deletion.data_class)
        except ValueError:
            return Clearance(
                False, f"There is no class of data {deletion.data_class!r}: no rule says how long it is kept."
            )
        verdict = judge_deletion(
            data_class,
            subject=None,
            jurisdiction="",
            newest_on=deletion.made_before.date(),
            on=now.date(),
            rules=rules_in_force(),
            holds=[hold for hold in holds_standing() if hold.subject not in left_out],
            requests=(),
        )
        if not _is_repeat(verdict, deletion.what, now):
            _record(verdict, "", deletion.what, by, now)
    return Clearance(verdict.is_allowed, verdict.why)


def _is_repeat(verdict: Verdict, what: str, at: datetime) -> bool:
    """Tell whether the same was said of the same within a day: the worker asks again and again."""
    last = (
        GateVerdict.objects.filter(data_class=verdict.data_class.value, subject="", what=what[:200])
        .order_by("-at")
        .first()
    )
    return bool(
        last and last.is_allowed == verdict.is_allowed and last.why == verdict.why and at - last.at < REPEAT_AFTER
    )


def _record(verdict: Verdict, pseudonym: str, what: str, by: Actor, at: datetime) -> None:
    GateVerdict.objects.create(
        at=at,
        data_class=verdict.data_class.value,
        subject=pseudonym,
        what=what[:200],
        is_allowed=verdict.is_allowed,
        why=verdict.why,
        by_key=by.key,
        by_name=by.name,
    )
    said = "may go" if verdict.is_allowed else "must stay"
    record_entry(
        Entry(
            thread_id=ids.new_id(),
            kind="deletion.allowed" if verdict.is_allowed else "deletion.refused",
            subject=f"data:{verdict.data_class}",
            sentence=f"The gate said to {{actor}}: {what} {said}. {verdict.why}",
            evidence={
                "data_class": verdict.data_class.value,
                "subject": pseudonym,
                "what": what,
                "is_allowed": verdict.is_allowed,
                "why": verdict.why,
                "keep_until": verdict.keep_until,
            },
        ),
        by=by,
    )
