"""Who is on duty when: weekly shifts on a wall clock, laid on the line of real time. No database, no clock.

A local time that the clock skips in spring means the moment of the change; one that it shows twice in autumn means the
first. So shifts that meet on the wall clock meet in real time too, with no gap and no overlap.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from closeknit.rooms.decisions.contracts.escalations import Shift, Span, Swap


def instant_of(day: date, local: time, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which the wall clock of a zone first shows a time, or jumps past it."""
    wall = datetime.combine(day, local)
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    if early >= late:
        return late
    # Skipped: between the two readings the offset changes; find the moment.
    offset = early.astimezone(zone).utcoffset()
    while late - early > timedelta(microseconds=1):
        middle = early + (late - early) / 2
        early, late = (middle, late) if middle.astimezone(zone).utcoffset() == offset else (early, middle)
    return late


def lay_out(
    shifts: Iterable[Shift], swaps: Iterable[Swap], zone: ZoneInfo, from_at: datetime, until_at: datetime
) -> list[Span]:
    """Return who is on duty between two instants, in order; swaps have taken the place of what they replace."""
    spans = [span for shift in shifts for span in _of_shift(shift, zone, from_at, until_at)]
    for swap in sorted(swaps, key=lambda s: (s.starts_at, s.swap_id)):
        spans = _without(spans, swap)
        spans.append(Span(swap.person_key, swap.starts_at, swap.ends_at, is_swap=True))
    cut = [
        Span(s.person_key, max(s.starts_at, from_at), min(s.ends_at, until_at), s.is_swap)
        for s in spans
        if s.starts_at < until_at and s.ends_at > from_at
    ]
    return sorted(cut, key=lambda s: (s.starts_at, s.ends_at, s.person_key))


def people_at(shifts: Iterable[Shift], swaps: Iterable[Swap], zone: ZoneInfo, at: datetime) -> tuple[str, ...]:
    """Return the keys of who is on duty at an instant, each once."""
    spans = lay_out(shifts, swaps, zone, at, at + timedelta(microseconds=1))
    return tuple(sorted({span.person_key for span in spans}))


def gaps_between(spans: Sequence[Span], from_at: datetime, until_at: datetime) -> list[Span]:
    """Return the stretches between two instants in which nobody is on duty. Spans come in order."""
    gaps, covered_until = [], from_at
    for span in spans:
        if span.starts_at > covered_until:
            gaps.append(Span("", covered_until, min(span.starts_at, until_at)))
        covered_until = max(covered_until, span.ends_at)
    if covered_until < until_at:
        gaps.append(Span("", covered_until, until_at))
    return [gap for gap in gaps if gap.starts_at < gap.ends_at]


def _of_shift(shift: Shift, zone: ZoneInfo, from_at: datetime, until_at: datetime) -> list[Span]:
    # One day before: a shift over midnight belongs to the day on which it starts.
    first = from_at.astimezone(zone).date() - timedelta(days=2)
    day = first + timedelta(days=(shift.weekday - first.weekday()) % 7)
    spans = []
    while (starts_at := instant_of(day, shift.starts_local, zone)) < until_at:
        ends_on = day if shift.ends_local > shift.starts_local else day + timedelta(days=1)
        ends_at = instant_of(ends_on, shift.ends_local, zone)
        worked = shift.from_on <= day and (shift.until_on is None or day < shift.until_on)
        if worked and starts_at < ends_at and ends_at > from_at:
            spans.append(Span(shift.person_key, starts_at, ends_at))
        day += timedelta(days=7)
    return spans


def _without(spans: Iterable[Span], swap: Swap) -> list[Span]:
    """Return the spans less the time of a swap, for whom it replaces."""
    kept = []
    for span in spans:
        if swap.replaces_key not in ("", span.person_key):
            kept.append(span)
            continue
        if span.starts_at < swap.starts_at:
            kept.append(Span(span.person_key, span.starts_at, min(span.ends_at, swap.starts_at), span.is_swap))
        if span.ends_at > swap.ends_at:
            kept.append(Span(span.person_key, max(span.starts_at, swap.ends_at), span.ends_at, span.is_swap))
    return kept
