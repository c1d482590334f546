"""Names of the people whose keys stand in our rows."""

from collections.abc import Iterable

from closeknit.rooms.org import reads as org

NOT_PEOPLE = {"system": "Closeknit", "console": "Console", "policy": "Policy"}


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """Return the names of these people, of `system` and of `console`, by key. Who is unknown is not in it."""
    wanted = set(keys)
    found = {key: name for key, name in NOT_PEOPLE.items() if key in wanted}
    if wanted - found.keys():
        people = org.list_people(by=org.system_actor())
        found |= {card.key: card.name for card in people if card.key in wanted}
    return found


def username_exists(username: str) -> bool:
    """Tell whether somebody signs in under a name."""
    return any(card.username == username for card in org.list_people(by=org.system_actor()))
