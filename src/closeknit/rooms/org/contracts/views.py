"""Views of lists that a person keeps under a name."""

from dataclasses import dataclass

MOST_VIEWS = 20


@dataclass(frozen=True, slots=True)
class SavedViewCard:
    """A list as one person likes it: `place` is its name among the addresses, `query` what to ask of it."""

    view_id: int
    place: str
    name: str
    query: str
