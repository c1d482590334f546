"""Pairs of records that may be one account, with what each field says."""

from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.customers.contracts import MatchCard, MatchRule, MatchSide, MatchState, MatchTerm
from closeknit.rooms.customers.models import Record, RecordMatch, RecordVersion
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import visible_account_numbers


def list_matches(
    *, by: Actor, state: MatchState | None = MatchState.WAITING, account_number: str = "", limit: int = 100
) -> list[MatchCard]:
    """Return pairs, surest first, whose accounts the actor may see; who sees every account sees nobody's, too."""
    rows = _visible(by)
    if state is not None:
        rows = rows.filter(state=state.value)
    if account_number:
        rows = rows.filter(Q(first__account_number=account_number) | Q(second__account_number=account_number))
    return _cards(list(rows.order_by("-total_bits", "pk")[:limit]))


def count_matches(*, by: Actor, state: MatchState = MatchState.WAITING) -> int:
    """Return how many pairs of a state the actor may see."""
    return _visible(by).filter(state=state.value).count()


def get_match(match_id: UUID, *, by: Actor) -> MatchCard:
    """Return one pair, or raise NotFound where there is none that the actor may see."""
    row = _visible(by).filter(pk=match_id).first()
    if row is None:
        raise NotFound("There is no such pair.", where=str(match_id))
    return _cards([row])[0]


def _visible(by: Actor) -> QuerySet[RecordMatch]:
    by.require(Permission.READ_ACCOUNTS)
    rows = RecordMatch.objects.select_related("first", "second")
    if by.scope_of(Permission.READ_ACCOUNTS).every_account:
        return rows
    seen = visible_account_numbers(by, Permission.READ_ACCOUNTS)
    return rows.filter(first__account_number__in=seen, second__account_number__in=seen)


def _cards(rows: list[RecordMatch]) -> list[MatchCard]:
    ends = {pk for row in rows for pk in (row.first_id, row.second_id)}
    stated = dict(RecordVersion.objects.filter(record_id__in=ends, replaced_at=None).values_list("record_id", "fields"))
    return [_card(row, stated) for row in rows]


def _card(row: RecordMatch, stated: dict[int, dict[str, str]]) -> MatchCard:
    return MatchCard(
        match_id=row.pk,
        thread_id=row.thread_id,
        first=_side(row.first, stated.get(row.first_id, {})),
        second=_side(row.second, stated.get(row.second_id, {})),
        rule=MatchRule(row.rule),
        terms=tuple(MatchTerm(t["field"], t["agreement"], Decimal(t["bits"])) for t in row.terms),
        total_bits=row.total_bits,
        probability=row.probability,
        model_version=row.model_version,
        found_at=row.found_at,
        state=MatchState(row.state),
        decided_by=row.decided_by_name,
        decided_at=row.decided_at,
        reason=row.reason,
    )


def _side(record: Record, fields: dict[str, str]) -> MatchSide:
    place = " ".join(fields[name] for name in ("street", "postcode", "city", "country") if fields.get(name))
    return MatchSide(record.pk, record.system, record.record_key, record.account_number, fields.get("name", ""), place)
