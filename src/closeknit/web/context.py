"""What every page's frame knows: who looks, where one may go, and what time it is."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.functional import SimpleLazyObject

from closeknit import __version__
from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.reads import count_unread_notices
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.web.assets import vega_bundle_name

DEMO_PEOPLE_FILE = "demo-people.json"
LOOK = "look"
"""Under this name a session keeps how pages look to its person."""


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation: its URL's name, the key after `g`, its icon, and who may go there.

    `starts`: how the addresses of its pages begin, and `also` those of others that belong to it.
    """

    url_name: str
    title: str
    letter: str
    icon: str
    starts: str
    permission: Permission | None = None
    gap: bool = False
    also: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Tell whether a page belongs to this place."""
        return path == "/" if self.starts == "/" else path.startswith((self.starts, *self.also))


OF_ACCOUNTS = (
    "/values/",
    "/tiers/",
    "/intimacy/",
    "/journey/",
    "/insights/",
    "/matches/",
    "/disputes/",
    "/survivorship/",
)
OF_PROMISES = ("/contracts/", "/clocks/", "/needs/", "/expectations/")
OF_CAPACITY = ("/buffers/", "/prices/", "/quotes/", "/rosters/", "/shortages/", "/staffing/", "/stock/")
PLACES = (
    Place("today", "Today", "t", "today", "/"),
    Place("inbox", "Inbox", "i", "inbox", "/inbox/", Permission.READ_DECISIONS),
    Place("account-list", "Accounts", "a", "accounts", "/accounts/", Permission.READ_ACCOUNTS, also=OF_ACCOUNTS),
    Place("term-list", "Promises", "p", "promises", "/terms/", Permission.READ_ACCOUNTS, also=OF_PROMISES),
    Place("demand-list", "Demand", "d", "demand", "/demand/", Permission.READ_CAPACITY),
    Place("plan-list", "Capacity", "c", "capacity", "/plans/", Permission.READ_CAPACITY, also=OF_CAPACITY),
    Place("board", "Board", "b", "board", "/board/", Permission.READ_ACCOUNTS),
    Place("thread-list", "Threads", "h", "threads", "/threads/", Permission.READ_DECISIONS, gap=True),
    Place("ledger", "Ledger", "l", "ledger", "/ledger/", Permission.READ_DECISIONS),
    Place("duties", "Duties", "u", "duties", "/duties/", Permission.READ_DECISIONS),
    Place("feed-list", "Feeds", "f", "feeds", "/feeds/", Permission.READ_FEEDS, also=("/feed-conflicts/",)),
    Place("work", "Work", "w", "work", "/work/", Permission.READ_FEEDS),
    Place("privacy", "Privacy", "y", "keys", "/privacy/", Permission.READ_PERSONAL),
    Place("setting-list", "Settings", "s", "settings", "/settings/", Permission.READ_INTERNAL, also=("/stewards/",)),
    Place("people", "People", "o", "people", "/people/", Permission.MANAGE_PEOPLE),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's context. Costs one query, for the unread notices, and only where the frame is drawn."""
    actor: Actor | None = getattr(request, "actor", None)
    return {
        "actor": actor,
        "sees_every_account": bool(actor and actor.scope_of(Permission.READ_ACCOUNTS).every_account),
        "places": _places(actor, request.path),
        "unread_notices": SimpleLazyObject(lambda: count_unread_notices(by=actor) if actor else 0),
        "look": SimpleLazyObject(lambda: _look(request, actor)),
        "now": clock.now(),
        "version": __version__,
        "vega_bundle": static(_vega_bundle()),
    }


def _look(request: HttpRequest, actor: Actor | None) -> dict[str, str] | None:
    """How pages look to this person: asked once a session, and kept with it. None: as each browser keeps it."""
    session = getattr(request, "session", None)
    if actor is None or session is None or not actor.key.startswith("person:"):
        return None
    if LOOK not in session:
        look = org.find_look(by=actor)
        session[LOOK] = [look.theme, look.density] if look else None
    kept = session[LOOK]
    return {"theme": kept[0], "density": kept[1]} if kept else None


def demo_people() -> list[dict[str, str]]:
    """Return the demo company's sign-ins, or none where no demo company was loaded.

    `./run demo` leaves them in the data folder: objects with username, password, name and does.
    """
    path = settings.HOME / DEMO_PEOPLE_FILE
    if settings.PRODUCTION or not path.exists():
        return []
    people: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return people


def _places(actor: Actor | None, path: str) -> list[dict[str, Any]]:
    if actor is None:
        return []
    return [
        {"place": place, "here": place.holds(path)}
        for place in PLACES
        if place.permission is None or actor.may(place.permission)
    ]


@lru_cache(maxsize=1)
def _vega_bundle() -> str:
    return vega_bundle_name()
