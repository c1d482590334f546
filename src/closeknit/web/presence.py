"""A person's presence in a browser: from where it began, that it goes on, and a new key when rights change."""

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

from closeknit.kernel.sessions import SessionStore
from closeknit.web.visitors import address_of

RIGHTS = "session_rights"
Handler = Callable[[HttpRequest], HttpResponse]


class KeepSession:
    """Note sign-ins with their place, keep sessions alive that are used, and give a new key when roles change."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        before = request.session.get(SESSION_KEY)
        response = self.get_response(request)
        # Taken again: single sign-on reads the session afresh in the middle of a request.
        session = request.session
        assert isinstance(session, SessionStore)
        whose = session.get(SESSION_KEY)
        if whose is None:
            return response
        if whose != before:
            session.note_place(address_of(request), request.headers.get("User-Agent", ""))
        elif not request.path_info.startswith("/tiles/"):
            # Tiles load by themselves: they say nothing of a person.
            session.touch()
        _follow_rights(request, session, is_new=whose != before)
        return response


def _follow_rights(request: HttpRequest, session: SessionStore, *, is_new: bool) -> None:
    actor = getattr(request, "actor", None)
    held = sorted(getattr(actor, "roles", ()))
    noted = session.get(RIGHTS)
    if is_new:
        from closeknit.rooms.org import reads as org

        now = org.find_actor_of_user(int(session[SESSION_KEY]))
        session[RIGHTS] = sorted(now.roles) if now else []
    elif noted is not None and noted != held:
        session[RIGHTS] = held
        session.cycle_key()
