"""Record what a subject said about a purpose: in force for every decision that commits after it."""

from datetime import datetime, timedelta

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.privacy.compute import basis_for
from closeknit.rooms.privacy.contracts.consents import CHANNELS, ConsentRecorded, ConsentState, WantedConsent
from closeknit.rooms.privacy.contracts.purposes import Basis, LegalBasis, Purpose
from closeknit.rooms.privacy.contracts.subjects import ACCOUNT, Subject
from closeknit.rooms.privacy.models import Consent
from closeknit.rooms.privacy.reads.access import RECORDED_BY, jurisdictions_of, names_of, require_subject
from closeknit.rooms.privacy.reads.consents import wait_for_uses
from closeknit.rooms.privacy.reads.pseudonyms import lasting_name
from closeknit.rooms.privacy.reads.purposes import purpose_in_force

LONGEST_TEXT = 20_000


def record_consent(wanted: WantedConsent, *, by: Actor, at: datetime) -> int:
    """Keep a yes, a no or an opt-out, with what was shown and how it was said; return its number.

    It waits for decisions that are using the subject's data right now; every later one goes by it. An account that
    others were merged into says it under each of its names: if they are split again, each has said it.

    Raises:
        NotFound: for a subject out of sight, and a purpose that nobody defined.
        Invalid: for a channel that is not known, a consent without the text that was shown, a place without a basis.
        Conflict: for an opt-out from what rests on a contract or a duty, and a yes to what was given up.
    """
    require_subject(wanted.subject, by, *RECORDED_BY)
    purpose = purpose_in_force(wanted.purpose)
    stands = names_of(wanted.subject)[0]
    known = jurisdictions_of([stands])[stands]
    where = (known or wanted.jurisdiction).strip().upper()
    basis = _basis(purpose, where)
    _check(wanted, purpose, basis)
    names = names_of(wanted.subject)
    with transaction.atomic():
        wait_for_uses(*names)
        rows = [_keep(wanted, name, purpose, basis, where, by, at) for name in names]
    return rows[names.index(wanted.subject)].pk if wanted.subject in names else rows[0].pk


def _keep(
    wanted: WantedConsent, subject: Subject, purpose: Purpose, basis: LegalBasis, where: str, by: Actor, at: datetime
) -> Consent:
    says_yes = wanted.state is ConsentState.GRANTED
    row = Consent.objects.create(
        receipt_id=ids.new_id(),
        thread_id=ids.new_id(),
        subject_kind=subject.kind,
        subject_ref=subject.reference,
        purpose=purpose.purpose,
        purpose_version=purpose.version,
        channel=wanted.channel,
        state=wanted.state.value,
        jurisdiction=where,
        basis=basis.basis.value,
        law=basis.law,
        recorded_at=at,
        expires_at=at + timedelta(days=purpose.consent_days) if says_yes and purpose.consent_days else None,
        collected=wanted.collected.value,
        signal=wanted.signal.strip(),
        language=wanted.language.strip(),
        text_shown=wanted.text_shown.strip(),
        policy_url=purpose.policy_url,
        controller=purpose.controller,
        is_sensitive=purpose.is_sensitive,
        note=wanted.note.strip(),
        recorded_by_key=by.key,
        recorded_by_name=by.name,
    )
    name = lasting_name(subject)
    record_entry(_entry(row, purpose, name), by=by)
    publish(ConsentRecorded(row.thread_id, row.subject_kind, name, row.purpose, row.state), by=by)
    return row


def _basis(purpose: Purpose, where: str) -> LegalBasis:
    basis = basis_for(purpose.bases, where)
    if basis is None:
        raise Invalid(
            f"{purpose.title} has no legal basis in {where or 'an unknown jurisdiction'}.",
            where="jurisdiction",
            todo="Adopt a version of the purpose that says on what it rests there.",
        )
    return basis


def _check(wanted: WantedConsent, purpose: Purpose, basis: LegalBasis) -> None:
    if wanted.channel not in CHANNELS:
        known = ", ".join(filter(None, CHANNELS))
        raise Invalid("This channel is not known.", where="channel", todo=f"Use one of {known}, or none for every.")
    if max(len(wanted.text_shown), len(wanted.note)) > LONGEST_TEXT or len(wanted.signal) > 40:
        raise Invalid("This text is too long.", where="text_shown", todo=f"Use at most {LONGEST_TEXT:,} characters.")
    says_yes = wanted.state is ConsentState.GRANTED
    if says_yes and purpose.is_retired:
        raise Conflict("The purpose was given up.", where=purpose.purpose, todo="Choose one that is in force.")
    if says_yes and basis.basis is Basis.CONSENT and not wanted.text_shown.strip():
        raise Invalid(
            "A consent counts only with the text it was given to.", where="text_shown", todo="Give the words shown."
        )
    if not says_yes and not purpose.is_personalised and basis.basis in (Basis.CONTRACT, Basis.LEGAL_DUTY):
        raise Conflict(
            f"{purpose.title} rests on {basis.basis} ({basis.law}): there is no opting out of it.",
            where=purpose.purpose,
            todo="Tell the subject so; its contract is what could end it.",
        )


def _entry(row: Consent, purpose: Purpose, name: str) -> Entry:
    words = {"granted": "allowed", "denied": "refused", "withdrawn": "no longer allows"}
    channel = f" by {row.channel}" if row.channel else ""
    return Entry(
        thread_id=row.thread_id,
        kind=f"consent.{row.state}",
        subject=f"consent:{row.pk}",
        sentence=f"{{actor}} recorded that {row.subject_kind} {name} {words[row.state]}: {purpose.title}{channel}.",
        account_number=row.subject_ref if row.subject_kind == ACCOUNT else "",
        evidence={
            "receipt_id": row.receipt_id,
            "purpose": row.purpose,
            "purpose_version": row.purpose_version,
            "channel": row.channel,
            "state": row.state,
            "jurisdiction": row.jurisdiction,
            "basis": row.basis,
            "law": row.law,
            "collected": row.collected,
            "signal": row.signal,
            "expires_at": row.expires_at,
        },
    )
