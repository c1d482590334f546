"""The guard of personalised decisions: one commits only if its subject allows the use, with no opt-out meanwhile."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.kernel.events import publish
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.privacy.contracts.consents import EVERY_CHANNEL, Use, UseRefused
from closeknit.rooms.privacy.contracts.subjects import ACCOUNT, Subject
from closeknit.rooms.privacy.models import RefusedUse
from closeknit.rooms.privacy.reads.access import names_of
from closeknit.rooms.privacy.reads.consents import find_refused, find_use, hold_all_still, hold_still
from closeknit.rooms.privacy.reads.pseudonyms import lasting_name

PATH = "privacy-conflict"


class NotWanted(Conflict):
    """The subject does not want its data used for this."""

    code, title = "use_refused", "The subject opted out"

    def __init__(self, use: Use, decision: str) -> None:
        super().__init__(
            f"{use.subject.reference} does not allow {decision}: {use.why}",
            where=f"purpose {use.purpose}",
            todo="Serve it by the standard. The conflict is escalated to who manages privacy.",
        )
        self.use = use


@contextmanager
def deciding(
    subject: Subject,
    purpose: str,
    *,
    decision: str,
    channel: str = EVERY_CHANNEL,
    by: Actor,
    at: datetime,
) -> Iterator[Use]:
    """Hold one transaction in which a decision may use a subject's data; the answer goes into its ledger line.

    Needs no permission of its own: the decision has one. No opt-out commits between the answer and the decision's
    commit, and the answer goes by all that is committed, whatever `at` says. A refusal undoes what was written, and is
    recorded and escalated. Hold the guard around the whole change, not inside another transaction: an outer one would
    take the escalation back with it.

    Raises:
        NotWanted: where the use is not allowed.
        NotFound: for a purpose that nobody defined.
    """
    try:
        with transaction.atomic():
            with seeing_everything():
                hold_still(*names_of(subject))
                use = find_use(subject, purpose, channel=channel, at=at, until=None)
            if not use.is_allowed:
                raise NotWanted(use, decision)
            yield use
    except NotWanted as refusal:
        refuse_use(refusal.use, decision=decision, by=by, at=at)
        raise


@contextmanager
def deciding_about_many(
    purpose: str, references: Iterable[str], *, kind: str = ACCOUNT, by: Actor, at: datetime
) -> Iterator[frozenset[str]]:
    """Hold one transaction for a decision about many subjects; yields those whose data may not be used.

    Whoever computed before compares with what it went by, and computes anew where somebody opted out since.
    """
    by.require("accounts.read")
    with transaction.atomic():
        hold_all_still()
        with seeing_everything():
            refused = find_refused(purpose, references, kind=kind, at=at)
        yield refused


def refuse_use(use: Use, *, decision: str, by: Actor, at: datetime) -> None:
    """Record and escalate that a decision would have used data against a subject's will. Needs no permission."""
    name = lasting_name(use.subject)
    with transaction.atomic(), seeing_everything():
        row = RefusedUse.objects.create(
            id=ids.new_id(),
            thread_id=ids.new_id(),
            subject_kind=use.subject.kind,
            subject_ref=use.subject.reference,
            purpose=use.purpose,
            decision=decision[:120],
            why=use.why,
            consent_id=use.consent_id,
            refused_at=at,
            asked_by_key=by.key,
            asked_by_name=by.name,
        )
        account_number = use.subject.reference if use.subject.kind == ACCOUNT else ""
        record_entry(
            Entry(
                thread_id=row.thread_id,
                kind="use.refused",
                subject=f"use:{row.pk}",
                sentence=f"{{actor}} was refused: {decision} would use data of {name}. {use.why}",
                account_number=account_number,
                evidence={"decision": decision, **use.as_evidence()},
            ),
            by=by,
        )
        raise_escalation(
            path=PATH,
            cause=f"privacy:{use.purpose}:{use.subject.kind}:{name}"[:200],
            title=f"{decision} against the will of {name}"[:200],
            summary=f"{by.name} asked for it. {use.why} Serve the subject by the standard, or ask for its consent.",
            account_number=account_number,
            thread_id=row.thread_id,
            by=by,
            at=at,
        )
        publish(UseRefused(row.thread_id, use.subject.kind, name, use.purpose, decision), by=by)
