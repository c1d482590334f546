"""Purposes: which version is in force, and which were."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.contracts.purposes import SHIPPED, Basis, LegalBasis, Purpose
from closeknit.rooms.privacy.models import PurposeVersion


def list_purposes(*, by: Actor, at: datetime | None = None) -> list[Purpose]:
    """Return every purpose in the version in force at an instant (None: now), by key."""
    by.require(Permission.READ_PERSONAL)
    return sorted(purposes_in_force(at).values(), key=lambda purpose: purpose.purpose)


def get_purpose(purpose: str, *, by: Actor, at: datetime | None = None) -> Purpose:
    """Return one purpose in the version in force at an instant, or raise NotFound."""
    by.require(Permission.READ_PERSONAL)
    return purpose_in_force(purpose, at)


def list_purpose_versions(purpose: str, *, by: Actor) -> list[Purpose]:
    """Return every version of a purpose, newest first; the shipped one is the last."""
    by.require(Permission.READ_PERSONAL)
    rows = PurposeVersion.objects.filter(purpose=purpose).order_by("-version")
    return [_purpose(row) for row in rows] + [each for each in SHIPPED if each.purpose == purpose]


def purpose_in_force(purpose: str, at: datetime | None = None) -> Purpose:
    """Return a purpose as it is, or was, in force, for who acts; NotFound where there is none: nothing is guessed."""
    rows = PurposeVersion.objects.filter(purpose=purpose)
    row = (rows if at is None else rows.filter(adopted_at__lte=at)).order_by("-version").first()
    found = _purpose(row) if row else next((each for each in SHIPPED if each.purpose == purpose), None)
    if found is None:
        raise NotFound("There is no such purpose.", where=purpose, todo="See: closeknit privacy purposes list.")
    return found


def purposes_in_force(at: datetime | None = None) -> dict[str, Purpose]:
    """Return every purpose by key, for who acts."""
    rows = PurposeVersion.objects.order_by("version")
    found = {each.purpose: each for each in SHIPPED}
    found.update({row.purpose: _purpose(row) for row in (rows if at is None else rows.filter(adopted_at__lte=at))})
    return found


def bases_from(body: Mapping[str, Any]) -> dict[str, LegalBasis]:
    """Return the bases of a stored purpose."""
    return {place: LegalBasis(Basis(said["basis"]), said["law"]) for place, said in body.items()}


def _purpose(row: PurposeVersion) -> Purpose:
    return Purpose(
        purpose=row.purpose,
        version=row.version,
        title=row.title,
        what_for=row.what_for,
        decisions=tuple(row.decisions),
        is_personalised=row.is_personalised,
        bases=bases_from(row.bases),
        consent_days=row.consent_days,
        renews_consent=row.renews_consent,
        is_sensitive=row.is_sensitive,
        controller=row.controller,
        policy_url=row.policy_url,
        is_retired=row.is_retired,
        adopted_by=row.adopted_by_name,
        adopted_at=row.adopted_at,
        reason=row.reason,
    )
