"""Choose how pages look, in every browser that one signs in with."""

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, Invalid
from closeknit.rooms.org.contracts import DENSITIES, THEMES, LookCard
from closeknit.rooms.org.models import Look
from closeknit.rooms.org.reads.actors import person_number


def choose_look(*, theme: str, density: str, by: Actor) -> LookCard:
    """Keep the actor's own theme ("": as the system) and density of rows ("": normal).

    Refuses who is no person, and what pages cannot look like.
    """
    number = person_number(by.key)
    if number is None:
        raise Denied("Only a person chooses how pages look.", where=by.key, todo="Sign in.")
    for where, chosen, known in (("theme", theme, THEMES), ("density", density, DENSITIES)):
        if chosen not in known:
            todo = f"Use one of: {', '.join(word for word in known if word)}, or nothing."
            raise Invalid("Pages cannot look like that.", where=where, todo=todo)
    Look.objects.update_or_create(person_id=number, defaults={"theme": theme, "density": density})
    return LookCard(theme, density)
