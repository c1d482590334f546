"""End people's sessions in browsers."""

from closeknit.kernel import sessions
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.models import Person
from closeknit.rooms.org.reads.actors import person_number


def end_sessions(*, person_key: str = "", handle: str = "", but: str | None = None, by: Actor) -> int:
    """End sessions at once and return how many: the acting person's own, or anyone's for who manages people.

    All of them ("*": of everybody), or the one with a handle; the one with the key `but` goes on.
    """
    key = person_key or by.key
    if key != by.key:
        by.require(Permission.MANAGE_PEOPLE)
    people = Person.objects.all() if key == "*" else Person.objects.filter(pk=person_number(key) or 0)
    users = list(people.values_list("user_id", flat=True))
    if not users:
        raise NotFound("There is no such person.", where=key)
    ended = sessions.end_sessions(users, handle=handle, but=but)
    if handle and not ended:
        raise NotFound("There is no such session in force.", where=f"session {handle}")
    return ended
