"""Keep a view of a list under a name of one's own, and forget it."""

import re

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.org.contracts import MOST_VIEWS, SavedViewCard
from closeknit.rooms.org.models import Person, SavedView
from closeknit.rooms.org.reads.actors import person_number

PLACE = re.compile(r"[a-z][a-z0-9-]{0,59}")
LONGEST_NAME, LONGEST_QUERY = 60, 2000


def keep_view(*, place: str, name: str, query: str, by: Actor) -> SavedViewCard:
    """Keep what the actor asks of a list under a name; one of that name is replaced.

    Refuses who is no person, a name that cannot be read, a query that is too long, and more than twenty of a list.
    """
    number = person_number(by.key)
    if number is None:
        raise Denied("Only a person has views.", where=by.key, todo="Say who: --as NAME.")
    name = name.strip()
    _check(place, name, query)
    with transaction.atomic():
        # One person's views at a time: the count below would let two through at once.
        Person.objects.select_for_update().get(pk=number)
        mine = SavedView.objects.filter(person_id=number, place=place)
        row = mine.filter(name=name).first()
        if row is None and mine.count() >= MOST_VIEWS:
            raise Invalid(f"There are {MOST_VIEWS} views of this list.", where="name", todo="Forget one of them first.")
        row = row or SavedView(person_id=number, place=place, name=name)
        row.query = query
        row.save()
    return SavedViewCard(row.pk, row.place, row.name, row.query)


def forget_view(view_id: int, *, by: Actor) -> SavedViewCard:
    """Forget one of the actor's views, and return what it was. Anybody else's is unknown."""
    with transaction.atomic():
        mine = SavedView.objects.select_for_update().filter(person_id=person_number(by.key) or 0)
        row = mine.filter(pk=view_id).first()
        if row is None:
            raise NotFound("You keep no such view.", where=f"view {view_id}")
        card = SavedViewCard(row.pk, row.place, row.name, row.query)
        row.delete()
    return card


def _check(place: str, name: str, query: str) -> None:
    if not PLACE.fullmatch(place):
        raise Invalid("There is no such list.", where="place")
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(f"A view needs a name of at most {LONGEST_NAME} characters.", where="name")
    if len(query) > LONGEST_QUERY or not (query.isascii() and query.isprintable()):
        raise Invalid(f"What a view asks is at most {LONGEST_QUERY} characters.", where="query", todo="Ask for less.")
