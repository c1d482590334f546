"""How staffing answers are said, and how the engine's refusals are."""

from collections.abc import Iterator
from contextlib import contextmanager

from closeknit.engine.errors import EngineInputError
from closeknit.kernel.errors import Invalid

NAMES = {
    "arrivals_per_hour": "calls per hour",
    "handle_minutes": "handling time in minutes",
    "threshold_minutes": "time of the service level in minutes",
    "target_share": "share of the service level",
    "patience_minutes": "patience in minutes",
    "interval_minutes": "interval in minutes",
    "max_occupancy_share": "occupancy at most",
    "max_abandoned_share": "share that may give up",
    "max_mean_wait_of_answered_minutes": "mean wait at most, in minutes",
    "max_mean_wait_minutes": "mean wait at most, in minutes",
    "shrinkage_share": "shrinkage",
}


@contextmanager
def refusals() -> Iterator[None]:
    """Say what the engine refuses in the words of the question."""
    try:
        yield
    except EngineInputError as reason:
        what, _, todo = str(reason).partition(": ")
        for name, words in NAMES.items():
            what = what.replace(name, words)
        raise Invalid(f"{_begun(what)}.", where="staffing", todo=f"{_begun(todo)}." if todo else "") from reason


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def span_words(minutes: float) -> str:
    """Write a length of time as a person says it: 20 s, 3 min, 1.5 h."""
    if minutes < 1.5:
        return f"{minutes * 60:.3g} s"
    return f"{minutes:.3g} min" if minutes < 90 else f"{minutes / 60:.3g} h"


def people(count: int, what: str = "agent") -> str:
    """Write a number of people."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
