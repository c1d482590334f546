"""Where everything is: the lobby's pages, the rooms' pages, and the API. Pages need a signed-in person."""

from importlib import import_module

from django.urls import URLPattern, path

from closeknit.web import pages
from closeknit.web.api import api

PUBLIC = [path("sign-in/", pages.SignIn.as_view(), name="sign-in")]
LOBBY = [
    path("", pages.show_today, name="today"),
    path("sign-out/", pages.sign_out, name="sign-out"),
    path("work/", pages.show_work, name="work"),
    path("work/<int:delivery_id>/replay/", pages.replay_dead_letter, name="work-replay"),
    path("tiles/work/", pages.show_work_tile, name="tile-work"),
]
ROOMS_WITH_PAGES = ("decisions", "sensing", "customers", "agreements", "demand", "capacity", "outcomes")


def _rooms() -> list[URLPattern]:
    return [
        pattern for room in ROOMS_WITH_PAGES for pattern in import_module(f"closeknit.rooms.{room}.urls").urlpatterns
    ]


def _guarded(patterns: list[URLPattern]) -> list[URLPattern]:
    for pattern in patterns:
        pattern.callback = pages.signed_in(pattern.callback)
    return patterns


urlpatterns = [path("api/v1/", api.urls), *PUBLIC, *_guarded([*LOBBY, *_rooms()])]

handler400 = "closeknit.web.pages.show_bad_request"
handler404 = "closeknit.web.pages.show_not_found"
handler403 = "closeknit.web.pages.show_forbidden"
handler500 = "closeknit.web.pages.show_failure"
