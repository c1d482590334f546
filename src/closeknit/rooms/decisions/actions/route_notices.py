"""Take new notices to the channels: at once within each person's budget, the rest into digests."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from django.db import connection, transaction
from django.db.models import F

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.compute.notices import BUDGET_WINDOW, Route, route
from closeknit.rooms.decisions.contracts import Channel, NoticePreferences
from closeknit.rooms.decisions.contracts.settings import URGENT_PER_HOUR
from closeknit.rooms.decisions.models import Dispatch, GatheredNotice, Notice, WebhookEndpoint
from closeknit.rooms.decisions.reads.notices import preferences_of
from closeknit.rooms.decisions.reads.outbound import mail_server
from closeknit.rooms.decisions.reads.timing import database_now
from closeknit.rooms.org import reads as org

AT_ONCE = 200


def route_notices(*, by: Actor) -> int:
    """Route what was reported since the last round, make the digests that are due, and return how many it took.

    Runs again and again on the worker, by several at once; each notice's update is routed once. Times are the
    database's. Needs no permission: whoever reported had one, and rights are asked when a message leaves.
    """
    with transaction.atomic():
        now = database_now()
        rows = list(
            Notice.objects.select_for_update(skip_locked=True)
            .filter(routed_updates__lt=F("updates"))
            .order_by("person_key", "is_urgent", "id")[:AT_ONCE]
        )
        taken = _route_all(rows, now, by) if rows else 0
        return taken + _make_digests(now)


def _route_all(rows: list[Notice], now: datetime, by: Actor) -> int:
    most = int(org.get_setting(URGENT_PER_HOUR, at=now, by=by).value)
    chosen = preferences_of(sorted({row.person_key for row in rows}))
    ways = _Ways()
    taken = 0
    for person_key, group in groupby(rows, key=lambda row: row.person_key):
        # Of two workers one counts this person's budget at a time; the other leaves the person for its next round.
        if _hold_budget(person_key):
            taken += _route_person(list(group), chosen.get(person_key, NoticePreferences()), most, now, ways)
    ways.write()
    return taken


def _route_person(rows: list[Notice], preferences: NoticePreferences, most: int, now: datetime, ways: "_Ways") -> int:
    sent = Notice.objects.filter(person_key=rows[0].person_key, sent_at__gt=now - BUDGET_WINDOW).count()
    for row in rows:
        row.routed_updates = row.updates
        # Read before it could leave: no message is needed any more.
        if row.read_at is None:
            found = route(
                preferences,
                is_urgent=row.is_urgent,
                sent_at=row.sent_at,
                sent_in_window=sent,
                most_in_window=most,
                now=now,
            )
            if found.at_once:
                row.sent_at, sent = now, sent + 1
            ways.add(row, found)
    Notice.objects.bulk_update(rows, ["routed_updates", "sent_at"])
    return len(rows)


class _Ways:
    """What a round found to send and to gather."""

    def __init__(self) -> None:
        self.dispatches: list[Dispatch] = []
        self.gathered: list[GatheredNotice] = []

    def add(self, row: Notice, found: Route) -> None:
        for channel in found.at_once:
            self.dispatches += _messages(channel, "notice", row.person_key, [str(row.pk)])
        if found.digest_at is None:
            return
        for channel in found.gathered:
            waiting = GatheredNotice(notice=row, person_key=row.person_key, channel=channel, due_at=found.digest_at)
            self.gathered.append(waiting)

    def write(self) -> None:
        Dispatch.objects.bulk_create(self.dispatches)
        GatheredNotice.objects.bulk_create(self.gathered, ignore_conflicts=True)


def _messages(channel: Channel, kind: str, person_key: str, notice_ids: Iterable[str]) -> list[Dispatch]:
    """Return the messages by which notices leave on a channel: one mail, or one for each endpoint in use."""
    listed = list(notice_ids)
    if channel is Channel.MAIL:
        endpoints: list[WebhookEndpoint | None] = [None] if mail_server() else []
    else:
        endpoints = list(WebhookEndpoint.objects.filter(disabled_at=None).order_by("id"))
    return [
        Dispatch(
            id=ids.new_id(), channel=channel, kind=kind, person_key=person_key, endpoint=endpoint, notice_ids=listed
        )
        for endpoint in endpoints
    ]


def _make_digests(now: datetime) -> int:
    due = GatheredNotice.objects.filter(due_at__lte=now).order_by("person_key", "channel", "id")
    rows = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("notice")[: AT_ONCE * 10])
    made: list[Dispatch] = []
    for (person_key, channel), group in groupby(rows, key=lambda row: (row.person_key, row.channel)):
        # Newest first; what was read meanwhile is no news.
        unread = [row.notice for row in group if row.notice.read_at is None]
        unread.sort(key=lambda notice: (notice.is_urgent, notice.last_at), reverse=True)
        if unread:
            made += _messages(Channel(channel), "digest", person_key, [str(notice.pk) for notice in unread])
    Dispatch.objects.bulk_create(made)
    GatheredNotice.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _hold_budget(person_key: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"notices of {person_key}"])
        (held,) = cursor.fetchone()
    return bool(held)
