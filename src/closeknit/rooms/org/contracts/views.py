"""Views of lists that a person keeps under a name, and how the pages look to a person."""

from dataclasses import dataclass

MOST_VIEWS = 20
THEMES = ("", "light", "dark")
DENSITIES = ("", "compact", "roomy")


@dataclass(frozen=True, slots=True)
class SavedViewCard:
    """A list as one person likes it: `place` is its name among the addresses, `query` what to ask of it."""

    view_id: int
    place: str
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class LookCard:
    """How pages look to a person: `theme` ("": as the system) and `density` of rows ("": normal)."""

    theme: str
    density: str
