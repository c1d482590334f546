"""Make sure that teams named elsewhere exist here."""

from collections.abc import Iterable

from closeknit.kernel.actor import Actor
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.models import Team


def ensure_teams(names: Iterable[str], *, by: Actor) -> dict[str, int]:
    """Create the teams that are not there yet and return every name's id. Needs the right to load data."""
    by.require(Permission.LOAD_DATA)
    wanted = sorted({name for name in names if name})
    Team.objects.bulk_create([Team(name=name) for name in wanted], ignore_conflicts=True)
    return dict(Team.objects.filter(name__in=wanted).values_list("name", "pk"))
