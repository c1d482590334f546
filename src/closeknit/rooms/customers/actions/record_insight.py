"""Record what somebody knows of an account: refused where it says nothing, or gives away what is personal."""

import math
from datetime import datetime
from uuid import UUID

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.compute import find_sensitive
from closeknit.rooms.customers.contracts import (
    InsightDirection,
    InsightMeasure,
    InsightRecorded,
    InsightState,
    WantedInsight,
)
from closeknit.rooms.customers.models import Insight
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.actions.decide_with import deciding
from closeknit.rooms.privacy.contracts import INSIGHT, Use, account

LONGEST_DAYS = 731
LARGEST_SHARE = 10.0
LARGEST_UNITS = 1e7
LONGEST_TEXT = 2000


def record_insight(wanted: WantedInsight, *, by: Actor, at: datetime) -> UUID:
    """Keep what somebody knows of an account, and let forecasts hear of it; return its id.

    Raises:
        NotFound: for an account that the actor may not see, or not record about.
        Invalid: for a size, chance or days that say nothing, or a text that holds personal data and is not flagged.
        Conflict: where the same person has said the same already, or the account opted out of it.
    """
    reads.get_account(wanted.account_number, by=by, permission=Permission.RECORD_INSIGHT)
    _check(wanted, at)
    whom = account(wanted.account_number)
    with deciding(whom, INSIGHT, decision="an insight", by=by, at=at) as use:
        _refuse_repeat(wanted, by)
        row = Insight.objects.create(
            id=ids.new_id(),
            thread_id=ids.new_id(),
            account_number=wanted.account_number,
            topic=wanted.topic.value,
            direction=wanted.direction.value,
            measure=wanted.measure.value,
            size=wanted.size,
            probability=wanted.probability,
            service=wanted.service.strip(),
            region=wanted.region.strip(),
            from_on=wanted.from_on,
            to_on=wanted.to_on,
            expires_on=wanted.expires_on or wanted.to_on,
            text=wanted.text.strip(),
            is_sensitive=wanted.is_sensitive,
            sensitive_reason=wanted.sensitive_reason.strip() if wanted.is_sensitive else "",
            author_key=by.key,
            author_name=by.name,
            recorded_at=at,
        )
        record_entry(_entry(row, use), by=by)
        publish(InsightRecorded(row.thread_id, row.pk, row.account_number), by=by)
    return row.pk


def _sentence(row: Insight) -> str:
    """Say an insight in words, without its text."""
    way = "more" if row.direction == InsightDirection.UP else "less"
    much = f"{row.size * 100:.4g} %" if row.measure == InsightMeasure.SHARE else f"{row.size:,.4g} units a week"
    where = "".join(f" in {part}" for part in (row.service, row.region) if part)
    return (
        f"{much} {way} work of {row.account_number}{where} from {row.from_on} until before {row.to_on}"
        f" ({row.topic}), with a chance of {row.probability * 100:.4g} %"
    )


def _check(wanted: WantedInsight, at: datetime) -> None:
    largest = LARGEST_SHARE if wanted.measure is InsightMeasure.SHARE else LARGEST_UNITS
    if not math.isfinite(wanted.size) or not 0 < wanted.size <= largest:
        raise Invalid(
            "This size says nothing.",
            where="size",
            todo=f"Give a number above 0, at most {largest:,.0f}; down is less.",
        )
    if wanted.direction is InsightDirection.DOWN and wanted.measure is InsightMeasure.SHARE and wanted.size > 1:
        raise Invalid("No account can bring less than nothing.", where="size", todo="Give a share of at most 1.")
    if not math.isfinite(wanted.probability) or not 0 < wanted.probability <= 1:
        raise Invalid("This is no chance.", where="probability", todo="Give a share above 0, at most 1.")
    _check_days(wanted, at)
    _check_text(wanted)


def _check_days(wanted: WantedInsight, at: datetime) -> None:
    if wanted.to_on <= wanted.from_on:
        raise Invalid("It ends before it begins.", where="to_on", todo="Give a later day: the first it holds no more.")
    if (wanted.to_on - wanted.from_on).days > LONGEST_DAYS:
        raise Invalid("It holds for over two years.", where="to_on", todo="Record what you know of the next two years.")
    if wanted.to_on <= at.date():
        raise Invalid(
            "Its days are over already.", where="to_on", todo="Record what is to come; figures show the rest."
        )
    expires_on = wanted.expires_on or wanted.to_on
    if not at.date() < expires_on <= wanted.to_on:
        raise Invalid(
            "It would count for no day.", where="expires_on", todo="Let it expire after today, and by its own end."
        )


def _check_text(wanted: WantedInsight) -> None:
    if len(wanted.text) > LONGEST_TEXT or len(wanted.sensitive_reason) > LONGEST_TEXT:
        raise Invalid("This text is too long.", where="text", todo=f"Use at most {LONGEST_TEXT:,} characters.")
    if len(wanted.service) > 80 or len(wanted.region) > 120:
        raise Invalid("This name is too long.", where="service", todo="Use the service's and region's own names.")
    if wanted.is_sensitive:
        if not wanted.sensitive_reason.strip():
            raise Invalid(
                "A sensitive text needs a reason.", where="sensitive_reason", todo="Say why we have to keep it."
            )
        return
    found = find_sensitive(wanted.text)
    if found:
        raise Invalid(
            f"The text seems to hold {' and '.join(found)}.",
            where="text",
            todo="Leave it out, or flag the text as sensitive and say why we have to keep it.",
        )


def _refuse_repeat(wanted: WantedInsight, by: Actor) -> None:
    same = {
        name: getattr(wanted, name)
        for name in ("account_number", "topic", "direction", "measure", "size", "from_on", "to_on", "service", "region")
    }
    if Insight.objects.filter(author_key=by.key, state=InsightState.STANDING.value, **same).exists():
        raise Conflict(
            "You have recorded this already.", where=wanted.account_number, todo="Withdraw the one that stands first."
        )


def _entry(row: Insight, use: Use) -> Entry:
    evidence = {
        "use": use.as_evidence(),
        "insight_id": row.pk,
        "topic": row.topic,
        "direction": row.direction,
        "measure": row.measure,
        "size": row.size,
        "probability": row.probability,
        "service": row.service,
        "region": row.region,
        "from_on": row.from_on,
        "to_on": row.to_on,
        "expires_on": row.expires_on,
        "is_sensitive": row.is_sensitive,
    }
    if not row.is_sensitive:
        # More people read the ledger than may read what is personal: a sensitive text stays out of it.
        evidence["text"] = row.text
    return Entry(
        thread_id=row.thread_id,
        kind="insight.recorded",
        subject=f"insight:{row.pk}",
        sentence=f"{{actor}} expects {_sentence(row)}.",
        account_number=row.account_number,
        evidence=evidence,
    )
