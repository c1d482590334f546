"""Put a purpose in force: a new version with its legal bases, for decisions from now on."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.contracts.purposes import LegalBasis, Purpose
from closeknit.rooms.privacy.models import PurposeVersion
from closeknit.rooms.privacy.reads.purposes import purposes_in_force


def adopt_purpose(purpose: Purpose, *, reason: str, by: Actor, at: datetime) -> Purpose:
    """Define a purpose, or change one: its next version. Consents to earlier ones go on, unless it renews consent.

    Raises:
        Invalid: without a reason, a text, a decision, or a legal basis with its law.
        Conflict: where it says the same as the one in force.
    """
    by.require(Permission.MANAGE_PRIVACY)
    _check(purpose, reason)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("lock table privacy_purpose_version in share row exclusive mode")
        before = purposes_in_force().get(purpose.purpose)
        if before is not None and _same(before, purpose):
            raise Conflict("It says the same as the version in force.", where=purpose.purpose)
        version = before.version + 1 if before else 1
        adopted = replace(purpose, version=version, adopted_by=by.name, adopted_at=at, reason=reason.strip())
        PurposeVersion.objects.create(
            purpose=adopted.purpose,
            version=version,
            title=adopted.title.strip(),
            what_for=adopted.what_for.strip(),
            decisions=list(adopted.decisions),
            is_personalised=adopted.is_personalised,
            bases=_plain(adopted.bases),
            consent_days=adopted.consent_days,
            renews_consent=adopted.renews_consent,
            is_sensitive=adopted.is_sensitive,
            controller=adopted.controller,
            policy_url=adopted.policy_url,
            is_retired=adopted.is_retired,
            adopted_at=at,
            adopted_by_key=by.key,
            adopted_by_name=by.name,
            reason=adopted.reason,
        )
        record_entry(_entry(adopted), by=by)
    return adopted


def _check(purpose: Purpose, reason: str) -> None:
    if not reason.strip():
        raise Invalid("A change of a purpose needs a reason.", where="reason", todo="Say why, in a sentence.")
    key = purpose.purpose
    if not key or len(key) > 60 or not all(part.isalnum() and part.islower() for part in key.split("-")):
        raise Invalid("This is no name for a purpose.", where="purpose", todo="Use small letters, such as outreach.")
    for name in ("title", "what_for"):
        if not getattr(purpose, name).strip():
            raise Invalid("A purpose says what it is for.", where=name, todo="Say it in a sentence.")
    if not purpose.decisions:
        raise Invalid("A purpose names the decisions that use it.", where="decisions", todo="Name one at least.")
    if not purpose.bases or not all(place.strip() and said.law.strip() for place, said in purpose.bases.items()):
        raise Invalid(
            "A purpose needs a legal basis with its law.",
            where="bases",
            todo='Give one for "EU", "US" or "*" at least.',
        )
    if purpose.consent_days is not None and not 1 <= purpose.consent_days <= 3650:
        raise Invalid("A consent lasts one to 3,650 days.", where="consent_days", todo="Leave it out: until withdrawn.")


def _same(before: Purpose, after: Purpose) -> bool:
    kept = {"version": 0, "adopted_by": "", "adopted_at": None, "reason": ""}
    one, other = replace(before, **kept), replace(after, **kept)  # type: ignore[arg-type]
    return replace(one, bases={}) == replace(other, bases={}) and dict(one.bases) == dict(other.bases)


def _plain(bases: Mapping[str, LegalBasis]) -> dict[str, dict[str, str]]:
    return {
        place.strip().upper(): {"basis": said.basis.value, "law": said.law.strip()} for place, said in bases.items()
    }


def _entry(adopted: Purpose) -> Entry:
    verb = "gave up" if adopted.is_retired else "put in force"
    return Entry(
        thread_id=ids.new_id(),
        kind="purpose.adopted",
        subject=f"purpose:{adopted.purpose}",
        sentence=f"{{actor}} {verb} version {adopted.version} of the purpose {adopted.purpose}. {adopted.reason}",
        evidence={
            "purpose": adopted.purpose,
            "version": adopted.version,
            "what_for": adopted.what_for,
            "decisions": list(adopted.decisions),
            "bases": _plain(adopted.bases),
            "is_personalised": adopted.is_personalised,
            "is_retired": adopted.is_retired,
            "renews_consent": adopted.renews_consent,
        },
    )
