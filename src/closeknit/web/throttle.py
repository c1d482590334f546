"""Slow down guessing of passwords: ten failed tries a minute for one address and user name.

Counts live in this server process's memory (Django's default cache): with several processes the limit holds
for each, and a restart forgets it. Argon2 makes every guess slow besides.
"""

import hashlib

from django.core.cache import cache

MOST_TRIES = 10
WINDOW_SECONDS = 60


def is_throttled(address: str, username: str) -> bool:
    """Tell whether this address has failed too often for this name within the last minute."""
    return int(cache.get(_key(address, username), 0)) >= MOST_TRIES


def count_failure(address: str, username: str) -> None:
    """Count one failed try."""
    key = _key(address, username)
    if not cache.add(key, 1, WINDOW_SECONDS):
        cache.incr(key)


def forget(address: str, username: str) -> None:
    """Forget the failures, after a try that succeeded."""
    cache.delete(_key(address, username))


def _key(address: str, username: str) -> str:
    return "sign-in:" + hashlib.sha256(f"{address}\x00{username.casefold()}".encode()).hexdigest()
