"""Notices and their channels, as people read them."""

from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.decisions.contracts import (
    Channel,
    DigestRhythm,
    DispatchCard,
    DispatchState,
    EndpointCard,
    NoticeCard,
    NoticePreferences,
    Wanted,
)
from closeknit.rooms.decisions.models import Dispatch, Notice, NoticePreferenceRow, WebhookEndpoint
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

MANAGE = Permission.MANAGE_SETTINGS


def list_notices(
    *, by: Actor, only_unread: bool = False, before_at: datetime | None = None, limit: int = 100
) -> list[NoticeCard]:
    """Return the actor's own notices that it may still see, latest first."""
    rows = readable_notices(by)
    if only_unread:
        rows = rows.filter(read_at=None)
    if before_at is not None:
        rows = rows.filter(last_at__lt=clock.check(before_at, where="before_at"))
    return [_notice(row) for row in rows.order_by("-last_at", "-id")[:limit]]


def count_unread_notices(*, by: Actor) -> int:
    """Return how many of the actor's own notices it has not read."""
    return readable_notices(by).filter(read_at=None).count()


def get_notice(notice_id: UUID, *, by: Actor) -> NoticeCard:
    """Return one of the actor's own notices, or raise NotFound."""
    row = readable_notices(by).filter(pk=notice_id).first()
    if row is None:
        raise NotFound("There is no such notice.", where=str(notice_id))
    return _notice(row)


def readable_notices(by: Actor) -> "QuerySet[Notice]":
    """Return the actor's notices, without those about accounts or matters that it may no longer see.

    Who holds no right at all reads nothing. The same filter stands before every message that leaves.
    """
    held = by.permissions.union(*(hat.permissions for hat in by.lent))
    if not held:
        return Notice.objects.none()
    rows = Notice.objects.filter(person_key=by.key, permission__in=["", *held])
    if not by.scope_of(Permission.READ_ACCOUNTS).every_account:
        rows = rows.filter(Q(account_number="") | Q(account_number__in=org.visible_account_numbers(by)))
    return rows


def get_notice_preferences(*, by: Actor) -> NoticePreferences:
    """Return how the actor wants notices: as chosen, else the defaults."""
    return preferences_of([by.key]).get(by.key, NoticePreferences())


def preferences_of(person_keys: list[str]) -> dict[str, NoticePreferences]:
    """Return the chosen preferences of some people, by key."""
    return {row.pk: _preferences(row) for row in NoticePreferenceRow.objects.filter(pk__in=person_keys)}


def list_endpoints(*, by: Actor) -> list[EndpointCard]:
    """Return every webhook endpoint, by name."""
    by.require(MANAGE)
    return [_endpoint(row) for row in _endpoints().order_by("name")]


def get_endpoint(endpoint_id: UUID, *, by: Actor) -> EndpointCard:
    """Return one webhook endpoint, or raise NotFound."""
    by.require(MANAGE)
    row = _endpoints().filter(pk=endpoint_id).first()
    if row is None:
        raise NotFound("There is no such endpoint.", where=str(endpoint_id))
    return _endpoint(row)


def list_dispatches(
    *, by: Actor, endpoint_id: UUID | None = None, state: DispatchState | None = None, limit: int = 100
) -> list[DispatchCard]:
    """Return messages that left or should have, latest first: of one endpoint, or of all channels."""
    by.require(MANAGE)
    rows = Dispatch.objects.order_by("-created_at", "-id")
    if endpoint_id is not None:
        rows = rows.filter(endpoint_id=endpoint_id)
    if state is not None:
        rows = rows.filter(state=state.value)
    return [_dispatch(row) for row in rows[:limit]]


def get_dispatch(dispatch_id: UUID, *, by: Actor) -> DispatchCard:
    """Return one message and how it went, or raise NotFound."""
    by.require(MANAGE)
    row = Dispatch.objects.filter(pk=dispatch_id).first()
    if row is None:
        raise NotFound("There is no such message.", where=str(dispatch_id))
    return _dispatch(row)


def _endpoints() -> "QuerySet[WebhookEndpoint]":
    counts = Dispatch.objects.filter(endpoint=OuterRef("pk")).order_by().values("endpoint")
    waiting = counts.filter(state=Dispatch.State.PENDING).annotate(n=Count("pk")).values("n")
    dead = counts.filter(state=Dispatch.State.DEAD).annotate(n=Count("pk")).values("n")
    return WebhookEndpoint.objects.annotate(waiting=Coalesce(Subquery(waiting), 0), dead=Coalesce(Subquery(dead), 0))


def _notice(row: Notice) -> NoticeCard:
    return NoticeCard(
        notice_id=row.pk,
        cause=row.cause,
        title=row.title,
        body=row.body,
        link=row.link,
        is_urgent=row.is_urgent,
        account_number=row.account_number,
        thread_id=row.thread_id,
        updates=row.updates,
        first_at=row.first_at,
        last_at=row.last_at,
        read_at=row.read_at,
    )


def _preferences(row: NoticePreferenceRow) -> NoticePreferences:
    return NoticePreferences(
        mail_address=row.mail_address,
        mail=Wanted(row.mail),
        webhook=Wanted(row.webhook),
        digest=DigestRhythm(row.digest),
        digest_hour=row.digest_hour,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        time_zone=row.time_zone,
    )


def _endpoint(row: WebhookEndpoint) -> EndpointCard:
    return EndpointCard(
        endpoint_id=row.pk,
        name=row.name,
        url=row.url,
        created_at=row.created_at,
        created_by=row.created_by_name,
        disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason,
        failures=row.failures,
        rests_until=row.rests_until,
        waiting=getattr(row, "waiting", 0),
        dead=getattr(row, "dead", 0),
        thread_id=row.thread_id,
    )


def _dispatch(row: Dispatch) -> DispatchCard:
    return DispatchCard(
        dispatch_id=row.pk,
        channel=Channel(row.channel),
        person_key=row.person_key,
        endpoint_id=row.endpoint_id,
        kind=row.kind,
        notices=len(row.notice_ids),
        state=DispatchState(row.state),
        tries=row.tries,
        created_at=row.created_at,
        next_try_at=row.next_try_at,
        settled_at=row.settled_at,
        outcome=row.outcome,
    )
