"""Whether data may be used for a purpose: a pure function of the purpose and of what the subject said."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from closeknit.rooms.privacy.contracts.consents import EVERY_CHANNEL, ConsentCard, ConsentState, Use
from closeknit.rooms.privacy.contracts.purposes import EEA, ELSEWHERE, EU, Basis, LegalBasis, Purpose
from closeknit.rooms.privacy.contracts.subjects import Subject

STANDS_AN_OPT_OUT = (Basis.CONTRACT, Basis.LEGAL_DUTY)


def basis_for(bases: Mapping[str, LegalBasis], jurisdiction: str) -> LegalBasis | None:
    """Return the basis in a jurisdiction: its own, its country's, the EU's within it, else that of "elsewhere"."""
    for place in places_of(jurisdiction):
        if place in bases:
            return bases[place]
    return None


def places_of(jurisdiction: str) -> tuple[str, ...]:
    """Return which rules a jurisdiction goes by, the closest first."""
    where = jurisdiction.strip().upper()
    country = where.partition("-")[0]
    named = [where, country, *([EU] if country in EEA or country == EU else [])] if where else []
    return (*dict.fromkeys(named), ELSEWHERE)


def judge_use(
    subject: Subject, purpose: Purpose, said: Sequence[ConsentCard], *, channel: str, jurisdiction: str, at: datetime
) -> Use:
    """Return whether data may be used, and why. `said`: what the subject said about the purpose, oldest first.

    The strictest reading wins: a no to every channel stops each of them until that channel, or every one, is allowed
    later; a no to one channel stands until that channel itself is allowed again.
    """
    basis = basis_for(purpose.bases, jurisdiction)
    word = _last_word(said, channel)
    is_allowed, why = _judge(purpose, basis, word, jurisdiction, at)
    return Use(
        subject=subject,
        purpose=purpose.purpose,
        purpose_version=purpose.version,
        channel=channel,
        is_allowed=is_allowed,
        why=why,
        jurisdiction=jurisdiction,
        basis=basis.basis if basis else None,
        consent_id=word.consent_id if word else None,
    )


def _judge(
    purpose: Purpose, basis: LegalBasis | None, word: ConsentCard | None, jurisdiction: str, at: datetime
) -> tuple[bool, str]:
    if purpose.is_retired:
        return False, "The purpose was given up."
    if basis is None:
        return False, f"The purpose has no legal basis in {jurisdiction or 'an unknown jurisdiction'}."
    if word is not None and word.state is not ConsentState.GRANTED:
        if basis.basis in STANDS_AN_OPT_OUT and not purpose.is_personalised:
            return True, f"It rests on {basis.basis} ({basis.law}), which stands an opt-out."
        return False, f"It was {word.state} on {word.recorded_at:%Y-%m-%d}."
    if basis.basis is not Basis.CONSENT:
        return True, f"It rests on {basis.basis} ({basis.law}), and nobody objected."
    return _judge_consent(purpose, basis, word, at)


def _judge_consent(purpose: Purpose, basis: LegalBasis, word: ConsentCard | None, at: datetime) -> tuple[bool, str]:
    if word is None:
        return False, f"It needs a consent ({basis.law}), and there is none."
    if word.expires_at is not None and word.expires_at <= at:
        return False, f"The consent of {word.recorded_at:%Y-%m-%d} expired on {word.expires_at:%Y-%m-%d}."
    if purpose.renews_consent and word.purpose_version < purpose.version:
        return False, f"The consent was to version {word.purpose_version}; version {purpose.version} needs a new one."
    return True, f"Consent of {word.recorded_at:%Y-%m-%d} ({basis.law})."


def _last_word(said: Iterable[ConsentCard], channel: str) -> ConsentCard | None:
    general: ConsentCard | None = None
    own: ConsentCard | None = None
    for card in said:
        if card.channel == EVERY_CHANNEL:
            general = card
        elif card.channel == channel:
            own = card
    if general is None or own is None:
        return own or general
    yes = ConsentState.GRANTED
    if own.state is not yes:
        return own
    return general if general.state is not yes and general.consent_id > own.consent_id else own


def fallback_tier(tier: str, tiers: Sequence[str], standard: str) -> str:
    """Return the tier that a subject who opted out is served by: the one it has, and never below the standard.

    `tiers` are in order, closest first.
    """
    order = list(tiers)
    return tier if order.index(tier) <= order.index(standard) else standard
