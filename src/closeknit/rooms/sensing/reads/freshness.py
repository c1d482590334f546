"""How fresh each feed is, against what each kind of decision asks for."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median

from django.db import connection
from django.db.models import Max

from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace
from closeknit.rooms.sensing.contracts import Advice, FeedFreshness, FeedLatency, FreshFor, Freshness
from closeknit.rooms.sensing.contracts.freshness import FRESHNESS_SETTINGS, LEDGER_KINDS
from closeknit.rooms.sensing.models import Batch, BatchOperation, Feed
from closeknit.rooms.sensing.reads.access import require_every_account, require_feeds

LOADS = 20
USED_FOR = timedelta(days=30)
MOST_LINES = 1000
STREAM_BELOW_HOURS = 1.0
HOUR = 3600.0
# A feed that comes every minute has half a million loads a year: how it comes lately, the latest tell.
MOST_LOADS = 10 * LOADS
LATEST_LOADS = """
select feed.name, batch.finished_at, max(added.last_at)
  from sensing_feed feed
 cross join lateral (
       select id, finished_at from sensing_batch where feed_id = feed.id and finished_at is not null
        order by id desc limit %(most)s) batch
  join sensing_batch_operation added on added.batch_id = batch.id
 where feed.name = any(%(feeds)s)
 group by feed.name, batch.finished_at
 order by batch.finished_at
"""


def get_freshness(
    kind: FreshFor, operation: str, *, region: str = "", site: str = "", at: datetime, by: Actor
) -> Freshness:
    """Return whether the feeds of an operation are fresh enough for a kind of decision at a place.

    For who settles something by itself: stale data must not, so pass `stale_feeds` on as a fact of the proposal.
    """
    require_every_account(by)
    objective = _objective(kind, SettingPlace(region=region, site=site), at, by)
    names = BatchOperation.objects.filter(operation=operation, batch__started_at__lte=at)
    newest = dict(names.values_list("batch__feed__name").annotate(newest=Max("last_at")))
    return Freshness(
        kind,
        operation,
        objective,
        tuple(_judged(name, kind, objective, newest[name], _NO_LATENCY, None, at) for name in sorted(newest)),
    )


def list_feed_freshness(
    feed: str = "", *, region: str = "", site: str = "", at: datetime, by: Actor
) -> list[FeedFreshness]:
    """Return for each feed (or one) and each kind of decision whether it is fresh enough, and how it should come."""
    require_feeds(by)
    place = SettingPlace(region=region, site=site)
    objectives = _objectives(place, at, by)
    feeds = Feed.objects.order_by("name")
    names = list((feeds.filter(name=feed) if feed else feeds).values_list("name", flat=True))
    newest = _newest(names)
    loads = _loads(names)
    uses = _uses_per_day(at, by)
    return [
        _judged(name, kind, objectives[kind], newest.get(name), latency, uses[kind], at)
        for name in names
        for latency in (_latency(loads.get(name, ())),)
        for kind in FreshFor
    ]


def _objective(kind: FreshFor, place: SettingPlace, at: datetime, by: Actor) -> float:
    setting = FRESHNESS_SETTINGS[kind]
    return float(org.get_setting(setting, region=place.region, site=place.site, at=at, by=by).value)


def _objectives(place: SettingPlace, at: datetime, by: Actor) -> dict[FreshFor, float]:
    found = org.get_settings_together(list(FRESHNESS_SETTINGS.values()), place, at=at, by=by)
    return {kind: float(found[setting.key].value) for kind, setting in FRESHNESS_SETTINGS.items()}


def _newest(names: Sequence[str]) -> dict[str, datetime]:
    """Return each feed's newest event; of a feed that states facts only, when it was loaded last."""
    loaded = dict(
        Batch.objects.filter(feed__name__in=names, finished_at__isnull=False)
        .values_list("feed__name")
        .annotate(newest=Max("finished_at"))
    )
    rows = BatchOperation.objects.filter(batch__feed__name__in=names)
    return loaded | dict(rows.values_list("batch__feed__name").annotate(newest=Max("last_at")))


def _loads(names: Sequence[str]) -> dict[str, list[tuple[datetime, datetime]]]:
    """Return (newest event, commit) of those of each feed's latest loads that brought newer data, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST_LOADS, {"feeds": list(names), "most": MOST_LOADS})
        rows = cursor.fetchall()
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for name, finished_at, newest in rows:
        held = found.setdefault(name, [])
        if not held or newest > held[-1][0]:
            held.append((newest, finished_at))
    return found


def _latency(loads: Iterable[tuple[datetime, datetime]]) -> FeedLatency:
    # The first load brings what was gathered before: how late it is says nothing of how the feed comes.
    lately = list(loads)[-LOADS - 1 :]
    measured = lately[1:]
    if not measured:
        return _NO_LATENCY
    delays = [(finished - newest).total_seconds() / HOUR for newest, finished in measured]
    gaps = [(b - a).total_seconds() / HOUR for (_, a), (_, b) in zip(lately, measured, strict=False)]
    delay, gap = max(median(delays), 0.0), median(gaps)
    return FeedLatency(len(measured), delay, max(*delays, 0.0), gap, delay + gap)


_NO_LATENCY = FeedLatency(0, None, None, None, None)


def _uses_per_day(at: datetime, by: Actor) -> dict[FreshFor, float | None]:
    """Return how often each kind of decision was made a day lately; None for who may not read the whole ledger."""
    if not (by.may(Permission.READ_LEDGER) and by.scope_of(Permission.READ_LEDGER).every_account):
        return dict.fromkeys(FreshFor)
    lines = decisions.count_latest_entries(
        list(LEDGER_KINDS.values()), since_at=at - USED_FOR, until_at=at, most=MOST_LINES, by=by
    )
    return {kind: lines[LEDGER_KINDS[kind]] / USED_FOR.days for kind in FreshFor}


def _judged(
    feed: str,
    kind: FreshFor,
    objective: float,
    newest: datetime | None,
    latency: FeedLatency,
    uses: float | None,
    at: datetime,
) -> FeedFreshness:
    age = None if newest is None else max((at - newest).total_seconds() / HOUR, 0.0)
    advice, sentence = advise(objective, latency, uses)
    return FeedFreshness(
        feed=feed,
        kind=kind,
        objective_hours=objective,
        newest_data_at=newest,
        age_hours=age,
        is_stale=age is None or age > objective,
        latency=latency,
        uses_per_day=uses,
        advice=advice,
        sentence=sentence,
    )


def advise(objective: float, latency: FeedLatency, uses: float | None) -> tuple[Advice, str]:
    """Say how a feed should come for an objective: as it does, oftener, or as a stream; from what was measured."""
    if latency.worst_age_hours is None or latency.gap_hours is None or latency.delay_hours is None:
        return Advice.UNKNOWN, "Too few loads to say how it comes."
    worst = f"loads come every {_span(latency.gap_hours)}, {_span(latency.delay_hours)} after the event"
    if latency.worst_age_hours <= objective:
        return Advice.BATCH, f"Batch is enough: {worst}, so data is never older than {_span(latency.worst_age_hours)}."
    if uses == 0.0:
        return Advice.BATCH, f"Batch is enough: nothing was decided by it lately, though {worst}."
    if objective <= STREAM_BELOW_HOURS or latency.delay_hours >= objective:
        return Advice.STREAM, f"Streaming pays: {worst}; {_span(objective)} is asked for."
    return Advice.OFTENER, f"Load it every {_span(objective - latency.delay_hours)} or oftener: {worst}."


def _span(hours: float) -> str:
    if hours < 1.0:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:.1f} hours" if hours < 48.0 else f"{hours / 24:.1f} days"
