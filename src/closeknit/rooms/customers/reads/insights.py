"""Every question about what people know of accounts. For who reads what is internal of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Case, Q, QuerySet, Value, When

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.customers import compute
from closeknit.rooms.customers.contracts import (
    STALE_DAYS,
    AuthorRecord,
    InsightCard,
    InsightDirection,
    InsightInForce,
    InsightMeasure,
    InsightState,
    InsightTopic,
)
from closeknit.rooms.customers.models import Insight
from closeknit.rooms.customers.reads.accounts import visible_accounts
from closeknit.rooms.customers.reads.records import golden_numbers, names_of
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy import reads as privacy
from closeknit.rooms.privacy.contracts import INSIGHT

STANDING_FIRST = Case(When(state=InsightState.STANDING, then=Value(0)), default=Value(1))
AUTHORS_SHOWN = 200


def list_insights(
    *,
    by: Actor,
    at: datetime,
    account_number: str = "",
    state: InsightState | None = None,
    author_key: str = "",
    limit: int = 500,
) -> list[InsightCard]:
    """Return what is known of the accounts that the actor may see: what stands first, by when it begins."""
    rows = _visible(by)
    if account_number:
        rows = rows.filter(account_number__in=names_of(account_number, by=by))
    if state is not None:
        rows = rows.filter(state=state.value)
    if author_key:
        rows = rows.filter(author_key=author_key)
    return _cards(rows.order_by(STANDING_FIRST, "from_on", "id")[:limit], by, at)


def count_insights(*, by: Actor) -> dict[str, int]:
    """Return how many insights that the actor may see are in each state."""
    rows = _visible(by)
    return {state.value: rows.filter(state=state.value).count() for state in InsightState}


def get_insight(insight_id: UUID, *, by: Actor, at: datetime) -> InsightCard:
    """Return one insight, or raise NotFound where there is none that the actor may see."""
    found = _cards(_visible(by).filter(pk=insight_id), by, at)
    if not found:
        raise NotFound("There is no such insight.", where=str(insight_id))
    return found[0]


def list_insights_in_force(
    from_on: date, to_on: date, *, by: Actor, at: datetime, account_number: str = ""
) -> list[InsightInForce]:
    """Return what stands at an instant of the days from `from_on` until before `to_on`, weighed by authors' records.

    A record is that of what was settled before the instant. For forecasts: an insight that expired or was withdrawn
    is not there.
    """
    rows = _visible(by).filter(
        Q(ended_at=None) | Q(ended_at__gt=at),
        recorded_at__lte=at,
        expires_on__gt=at.date(),
        from_on__lt=to_on,
        to_on__gt=from_on,
    )
    if account_number:
        rows = rows.filter(account_number__in=names_of(account_number, by=by))
    cards = _cards(rows.order_by("from_on", "id"), by, at)
    # Who opted out since is not forecast by what people know of it.
    refused = privacy.list_refused(INSIGHT, {card.account_number for card in cards}, by=by, at=at)
    cards = [card for card in cards if card.account_number not in refused]
    settled = _settled({card.author_key for card in cards}, by, at)
    return [compute.weigh(card, settled[card.author_key]) for card in cards]


def list_insights_to_settle(until_on: date, *, by: Actor, at: datetime) -> list[InsightCard]:
    """Return insights whose days were all over before a day, and of which nobody has said whether they happened.

    Those that had expired before they began are left out: nobody went by them.
    """
    rows = _visible(by).filter(state__in=[InsightState.STANDING.value, InsightState.EXPIRED.value], to_on__lte=until_on)
    return [card for card in _cards(rows.order_by("to_on", "id"), by, at) if card.expires_on > card.from_on]


def get_author_record(author_key: str, *, by: Actor, at: datetime) -> AuthorRecord:
    """Return how right somebody has been, by the insights that the actor may see; NotFound where there are none."""
    cards = list_insights(by=by, at=at, author_key=author_key, limit=100_000)
    if not cards:
        raise NotFound("There is no insight of this person.", where=author_key)
    return compute.judge_author(author_key, cards[0].author, cards)


def list_author_records(*, by: Actor, at: datetime) -> list[AuthorRecord]:
    """Return how right each author has been, by the insights that the actor may see; most settled first."""
    cards = _cards(_visible(by).order_by("-recorded_at"), by, at)
    by_author: dict[str, list[InsightCard]] = defaultdict(list)
    for card in cards:
        by_author[card.author_key].append(card)
    records = [compute.judge_author(key, found[0].author, found) for key, found in by_author.items()]
    return sorted(records, key=lambda record: (-record.settled, record.author))[:AUTHORS_SHOWN]


def find_insight_row(insight_id: UUID, by: Actor, permission: Permission) -> Insight:
    """Return an insight's row for change, or raise NotFound where the actor may not see or not change it."""
    by.require(permission)
    seen = visible_accounts(by, permission, also_merged=True).values_list("account_number", flat=True)
    row = _visible(by).select_for_update().filter(pk=insight_id, account_number__in=seen).first()
    if row is None:
        raise NotFound("There is no such insight.", where=str(insight_id))
    return row


def _visible(by: Actor) -> "QuerySet[Insight]":
    by.require(Permission.READ_INTERNAL)
    seen = visible_accounts(by, Permission.READ_INTERNAL, also_merged=True).values_list("account_number", flat=True)
    return Insight.objects.filter(account_number__in=seen)


def _settled(author_keys: Iterable[str], by: Actor, at: datetime) -> dict[str, list[InsightCard]]:
    rows = _visible(by).filter(author_key__in=list(author_keys), state=InsightState.SETTLED.value, ended_at__lte=at)
    found: dict[str, list[InsightCard]] = defaultdict(list)
    for row in rows.order_by("ended_at", "id"):
        found[row.author_key].append(_card(row, at, 0, row.account_number))
    return found


def _cards(rows: Iterable[Insight], by: Actor, at: datetime) -> list[InsightCard]:
    days = int(org.get_setting(STALE_DAYS, at=at, by=by).value)
    golden = golden_numbers(by=by, at=None)
    cards = [_card(row, at, days, golden.get(row.account_number, row.account_number)) for row in rows]
    opposed = compute.contradictions(_standing_beside(cards, golden, by, at))
    return org.redact([replace(card, contradicted_by=opposed.get(card.insight_id, ())) for card in cards], by=by)


def _standing_beside(
    cards: Sequence[InsightCard], golden: Mapping[str, str], by: Actor, at: datetime
) -> list[InsightCard]:
    accounts = {card.account_number for card in cards if card.state is InsightState.STANDING}
    if not accounts:
        return []
    names = accounts | {alias for alias, number in golden.items() if number in accounts}
    rows = _visible(by).filter(Q(account_number__in=names), state=InsightState.STANDING.value)
    return [
        _card(row, at, 0, golden.get(row.account_number, row.account_number)) for row in rows.order_by("from_on", "id")
    ]


def _card(row: Insight, at: datetime, stale_days: int, account_number: str) -> InsightCard:
    """Under the number that the account stands for now: what was known of a name of it is known of it."""
    state = InsightState(row.state)
    return InsightCard(
        insight_id=row.pk,
        thread_id=row.thread_id,
        account_number=account_number,
        topic=InsightTopic(row.topic),
        direction=InsightDirection(row.direction),
        measure=InsightMeasure(row.measure),
        size=row.size,
        probability=row.probability,
        service=row.service,
        region=row.region,
        from_on=row.from_on,
        to_on=row.to_on,
        expires_on=row.expires_on,
        text="" if row.is_sensitive else row.text,
        sensitive_text=row.text if row.is_sensitive else "",
        is_sensitive=row.is_sensitive,
        author_key=row.author_key,
        author=row.author_name,
        recorded_at=row.recorded_at,
        state=state,
        ended_at=row.ended_at,
        ended_by=row.ended_by_name,
        end_reason=row.end_reason,
        happened_share=row.happened_share,
        actual_size=row.actual_size,
        is_stale=state is InsightState.STANDING
        and (row.renewed_at or row.recorded_at) + timedelta(days=stale_days) <= at,
        renewed_at=row.renewed_at,
        contradicted_by=(),
    )
