"""By which channels a notice leaves, and when: at once within the budget, else in the next digest. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from closeknit.rooms.decisions.contracts.notices import Channel, DigestRhythm, NoticePreferences, Wanted

BUDGET_WINDOW = timedelta(hours=1)
"""Over which the budget counts, and within which one cause goes out at once only once."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where one notice goes: at once by some channels, by others into the digest that leaves at `digest_at`."""

    at_once: tuple[Channel, ...] = ()
    gathered: tuple[Channel, ...] = ()
    digest_at: datetime | None = None


def route(
    preferences: NoticePreferences,
    *,
    is_urgent: bool,
    sent_at: datetime | None,
    sent_in_window: int,
    most_in_window: int,
    now: datetime,
) -> Route:
    """Return where a notice goes.

    Urgent ones leave at once, by night too, unless the same cause did within the last hour or the person has had
    `most_in_window` of them in it (`sent_in_window`); what does not leave at once is gathered.
    """
    channels = tuple(c for c in Channel if _wants(preferences, c, is_urgent))
    if not channels:
        return Route()
    is_repeat = sent_at is not None and now - sent_at < BUDGET_WINDOW
    if is_urgent and not is_repeat and sent_in_window < most_in_window:
        return Route(at_once=channels)
    return Route(gathered=channels, digest_at=next_digest_at(preferences, now))


def next_digest_at(preferences: NoticePreferences, now: datetime) -> datetime:
    """Return when the person's next digest leaves: the next full hour or the chosen hour, never in quiet time."""
    zone = ZoneInfo(preferences.time_zone)
    local = now.astimezone(zone)
    if preferences.digest is DigestRhythm.DAILY:
        day = local.date()
        due = instant_of(datetime.combine(day, time(preferences.digest_hour)), zone)
        while due <= now:
            day += timedelta(days=1)
            due = instant_of(datetime.combine(day, time(preferences.digest_hour)), zone)
    else:
        due = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return _after_quiet(preferences, due, zone)


def _wants(preferences: NoticePreferences, channel: Channel, is_urgent: bool) -> bool:
    wanted = preferences.mail if channel is Channel.MAIL else preferences.webhook
    if channel is Channel.MAIL and not preferences.mail_address:
        return False
    return wanted is Wanted.ALL or (wanted is Wanted.URGENT and is_urgent)


def _after_quiet(preferences: NoticePreferences, due: datetime, zone: ZoneInfo) -> datetime:
    begins, ends = preferences.quiet_from, preferences.quiet_until
    if begins is None or ends is None or begins == ends:
        return due
    local = due.astimezone(zone)
    clock = local.time()
    is_quiet = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not is_quiet:
        return due
    day = local.date() + timedelta(days=1 if begins > ends and clock >= begins else 0)
    # Where clocks are set back, the end of quiet time may come again before `due`: then it is over.
    return max(instant_of(datetime.combine(day, ends), zone), due)


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a wall time; a time that clocks skip is the moment after the gap."""
    earlier = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if earlier.astimezone(zone).replace(tzinfo=None) == wall:
        return earlier
    later = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return max(earlier, later)
