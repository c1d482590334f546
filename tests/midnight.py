"""No test begins so near the end of a day that the day would end under it.

Many tests ask for something of today and look for it on a page of today. Over midnight both are right and differ.
Dates that a whole run shares are another matter: a test takes them when it runs, never when it is imported.
"""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

# The days that tests live by: the server's, and that of the cast's customers.
ZONES = (UTC, ZoneInfo("Europe/Berlin"))
LONG_SECONDS, USUAL_SECONDS = 120.0, 30.0


def seconds_to_wait(now: datetime, needs_seconds: float) -> float:
    """How long a test that needs so many seconds waits for the next day; 0 where it can run now."""
    longest = 0.0
    for zone in ZONES:
        local = now.astimezone(zone)
        tomorrow = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), zone)
        left = (tomorrow.astimezone(UTC) - now).total_seconds()
        longest = max(longest, left if left < needs_seconds else 0.0)
    return longest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before anything of a test is set up, let a day that is about to end be over."""
    is_long = "stories" in item.path.parts or "laws" in item.path.parts
    needs_seconds = LONG_SECONDS if is_long else USUAL_SECONDS
    while left := seconds_to_wait(datetime.now(UTC), needs_seconds):
        time.sleep(left)
