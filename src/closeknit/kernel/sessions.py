"""Browsers' sessions, in the database: for all server processes alike, listed and ended by whose they are.

A session ends when nothing was asked for SESSION_COOKIE_AGE seconds (idle), and SESSION_LONGEST_SECONDS after the
sign-in whatever is asked. `SESSION_ENGINE` names this module; Django's middleware uses its `SessionStore`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from closeknit.kernel import clock
from closeknit.kernel.models import Session

BEGAN, WHOSE, PLACE = "session_began_at", "session_whose", "session_place"
SEEN_EVERY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class SessionCard:
    """A session in force. `handle` names it without opening it; is_here is the session that asks."""

    handle: str
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    browser: str
    is_here: bool


class SessionStore(DatabaseStore):
    """Keeps sessions under the hash of their key, and knows when they must end."""

    seen_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the table."""
        return Session

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing where it is unknown or over."""
        row = Session.objects.filter(pk=hash_key(self.session_key), expire_date__gt=clock.now()).first()
        if row is None:
            self._session_key = None
            return {}
        self.seen_at = row.seen_at
        return self.decode(row.session_data)

    def exists(self, session_key: str | None) -> bool:
        """Tell whether there is a session with this key."""
        return Session.objects.filter(pk=hash_key(session_key)).exists()

    def delete(self, session_key: str | None = None) -> None:
        """End a session: this one, or the one with the key."""
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(pk=hash_key(key)).delete()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row to write. The longest time counts from the sign-in, and a new person's is a new one."""
        now = clock.now()
        if BEGAN not in data or data.get(WHOSE) != data.get(SESSION_KEY):
            data[BEGAN], data[WHOSE] = now.isoformat(), data.get(SESSION_KEY)
        began = datetime.fromisoformat(data[BEGAN])
        self.seen_at = now
        address, browser = data.get(PLACE, ("", ""))
        key: str = self._get_or_create_session_key()  # type: ignore[attr-defined]
        return Session(
            session_key=hash_key(key),
            session_data=self.encode(data),
            expire_date=min(
                now + timedelta(seconds=settings.SESSION_COOKIE_AGE),
                began + timedelta(seconds=settings.SESSION_LONGEST_SECONDS),
            ),
            user_id=data.get(SESSION_KEY),
            began_at=began,
            seen_at=now,
            address=address,
            browser=browser,
        )

    def touch(self) -> None:
        """Note that the person is still there; written once a minute at most."""
        if self.seen_at and clock.now() - self.seen_at >= timedelta(seconds=SEEN_EVERY_SECONDS):
            self.modified = True

    def note_place(self, address: str, browser: str) -> None:
        """Note from where the person signed in, as shown in the list of sessions."""
        self[PLACE] = (_plain(address, 64), name_of(browser))

    @classmethod
    def clear_expired(cls) -> None:
        """Delete what is over."""
        Session.objects.filter(expire_date__lt=clock.now()).delete()


BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def name_of(user_agent: str) -> str:
    """Return how a person would name a browser ("Firefox on Windows"); what is unknown as it names itself, cut."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, (browser, system))) if browser else _plain(user_agent, 60)


def hash_key(session_key: str | None) -> str:
    """Return what we keep of a session's key. It is random and long, so a plain hash is enough."""
    return hashlib.sha256((session_key or "").encode(errors="replace")).hexdigest()


def list_sessions(user_id: int, *, here: str | None = None) -> list[SessionCard]:
    """Return a user's sessions in force, the latest seen first. `here` is the key of the session that asks."""
    rows = Session.objects.filter(user_id=user_id, expire_date__gt=clock.now()).order_by("-seen_at", "pk")
    return [
        SessionCard(
            handle=row.session_key[:16],
            began_at=row.began_at,
            seen_at=row.seen_at,
            ends_at=row.expire_date,
            address=row.address,
            browser=row.browser,
            is_here=bool(here) and row.session_key == hash_key(here),
        )
        for row in rows
    ]


def end_sessions(user_ids: Iterable[int], *, handle: str = "", but: str | None = None) -> int:
    """End users' sessions at once and return how many: all, or the one with a handle; never that with the key `but`."""
    rows = Session.objects.filter(user_id__in=list(user_ids), expire_date__gt=clock.now())
    if handle:
        rows = rows.filter(session_key__startswith=handle[:16])
    if but:
        rows = rows.exclude(pk=hash_key(but))
    return rows.delete()[0]


def _plain(text: str, longest: int) -> str:
    return "".join(c for c in text if c.isprintable())[:longest]
