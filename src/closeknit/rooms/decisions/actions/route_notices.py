"""Take new notices to the channels: at once within each person's budget, the rest into digests."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db import connection, transaction
from django.db.models import Count, F

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
from closeknit.rooms.org.contracts import Permission

AT_ONCE = 200


def route_notices(*, by: Actor) -> int:
    """Route what was reported since the last round, make the digests that are due, and return how many it took.

    Runs again and again on the worker, by several at once; each notice's update is routed once. Times are the
    database's. Rights to what is told are asked when a message leaves.
    """
    by.require(Permission.READ_LEDGER)
    with transaction.atomic():
        now = database_now()
        waiting = Notice.objects.select_for_update(skip_locked=True).filter(routed_updates__lt=F("updates"))
        rows = sorted(waiting.order_by("id")[:AT_ONCE], key=lambda row: (row.person_key, row.is_urgent, row.pk))
        taken = _route_all(rows, now, by) if rows else 0
        return taken + _make_digests(now)


def _route_all(rows: list[Notice], now: datetime, by: Actor) -> int:
    most = int(org.get_setting(URGENT_PER_HOUR, at=now, by=by).value)
    # Of two workers one counts a person's budget at a time; the other leaves the person for its next round.
    held = _hold_budgets(sorted({row.person_key for row in rows}))
    sent, chosen = _count_sent(held, now), preferences_of(held)
    ways = _Ways()
    taken = 0
    for person_key, group in groupby(rows, key=lambda row: row.person_key):
        if person_key in held:
            preferences = chosen.get(person_key, NoticePreferences())
            taken += _route_person(list(group), preferences, _Budget(sent.get(person_key, 0), most), now, ways)
    ways.write()
    return taken


@dataclass(slots=True)
class _Budget:
    """How many urgent notices a person has had within the window, and how many there may be."""

    sent: int
    most: int


def _route_person(
    rows: list[Notice], preferences: NoticePreferences, budget: _Budget, now: datetime, ways: "_Ways"
) -> int:
    for row in rows:
        row.routed_updates = row.updates
        # Read before it could leave: no message is needed any more.
        if row.read_at is None:
            found = route(
                preferences,
                is_urgent=row.is_urgent,
                sent_at=row.sent_at,
                sent_in_window=budget.sent,
                most_in_window=budget.most,
                now=now,
            )
            if found.at_once:
                row.sent_at, budget.sent = now, budget.sent + 1
            ways.add(row, found)
        ways.routed.append(row)
    return len(rows)


def _count_sent(person_keys: list[str], now: datetime) -> dict[str, int]:
    counts = Notice.objects.filter(person_key__in=person_keys, sent_at__gt=now - BUDGET_WINDOW).order_by()
    return dict(counts.values_list("person_key").annotate(Count("pk")))


class _Ways:
    """What a round found to send and to gather, and the receivers that there are."""

    def __init__(self) -> None:
        self.routed: list[Notice] = []
        self.dispatches: list[Dispatch] = []
        self.gathered: list[GatheredNotice] = []
        self._receivers: dict[Channel, list[WebhookEndpoint | None]] = {}

    def add(self, row: Notice, found: Route) -> None:
        for channel in found.at_once:
            self.send(channel, "notice", row.person_key, [row])
        if found.digest_at is None:
            return
        for channel in found.gathered:
            waiting = GatheredNotice(notice=row, person_key=row.person_key, channel=channel, due_at=found.digest_at)
            self.gathered.append(waiting)

    def send(self, channel: Channel, kind: str, person_key: str, notices: list[Notice]) -> None:
        """Add the messages by which notices leave on a channel: one mail, or one for each endpoint in use."""
        listed = [str(notice.pk) for notice in notices]
        about = {"channel": channel, "kind": kind, "person_key": person_key, "notice_ids": listed}
        for endpoint in self._receivers_of(channel):
            self.dispatches.append(Dispatch(id=ids.new_id(), endpoint=endpoint, **about))

    def write(self) -> None:
        """Keep what was found."""
        Notice.objects.bulk_update(self.routed, ["routed_updates", "sent_at"])
        Dispatch.objects.bulk_create(self.dispatches)
        GatheredNotice.objects.bulk_create(self.gathered, ignore_conflicts=True)

    def _receivers_of(self, channel: Channel) -> list[WebhookEndpoint | None]:
        if channel not in self._receivers:
            endpoints = WebhookEndpoint.objects.filter(disabled_at=None).order_by("id")
            mail: list[WebhookEndpoint | None] = [None] if mail_server() else []
            self._receivers[channel] = mail if channel is Channel.MAIL else list(endpoints)
        return self._receivers[channel]


def _make_digests(now: datetime) -> int:
    due = GatheredNotice.objects.filter(due_at__lte=now).order_by("person_key", "channel", "id")
    rows = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("notice")[: AT_ONCE * 10])
    ways = _Ways()
    for (person_key, channel), group in groupby(rows, key=lambda row: (row.person_key, row.channel)):
        # Newest first; what was read meanwhile is no news.
        unread = [row.notice for row in group if row.notice.read_at is None]
        unread.sort(key=lambda notice: (notice.is_urgent, notice.last_at), reverse=True)
        if unread:
            ways.send(Channel(channel), "digest", person_key, unread)
    ways.write()
    GatheredNotice.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _hold_budgets(person_keys: list[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select key from unnest(%s::text[]) as key where pg_try_advisory_xact_lock(hashtextextended(key, 60200))",
            [person_keys],
        )
        return [key for (key,) in cursor.fetchall()]
