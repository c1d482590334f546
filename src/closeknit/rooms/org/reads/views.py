"""Which views of lists a person keeps, and how pages look to a person."""

from closeknit.kernel.actor import Actor
from closeknit.rooms.org.contracts import LookCard, SavedViewCard
from closeknit.rooms.org.models import Look, SavedView
from closeknit.rooms.org.reads.actors import person_number


def list_views(place: str = "", *, by: Actor) -> list[SavedViewCard]:
    """Return the actor's own views of a list, or of all lists (""), by name."""
    rows = SavedView.objects.filter(person_id=person_number(by.key) or 0)
    if place:
        rows = rows.filter(place=place)
    return [SavedViewCard(row.pk, row.place, row.name, row.query) for row in rows.order_by("place", "name", "pk")]


def find_look(*, by: Actor) -> LookCard | None:
    """Return how the actor chose that pages look, or None where nothing was chosen yet."""
    row = Look.objects.filter(person_id=person_number(by.key) or 0).first()
    return LookCard(row.theme, row.density) if row else None
