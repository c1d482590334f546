"""Who may answer a proposal, and what a set of answers comes to. Pure: no clock, no database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

OWN = "You proposed it, or it was proposed for you or by someone acting for you, so another person must decide."
DONE = "You have answered already; it waits for another person."
SAME_HAT = "Someone has already answered under these rights: four eyes need two people with rights of their own."


@dataclass(frozen=True, slots=True)
class Chair:
    """One hat under which a person may decide: the person's own, or that of whom the person acts for."""

    person_key: str
    person_name: str
    for_key: str
    for_name: str
    roles: tuple[str, ...]

    @property
    def people(self) -> frozenset[str]:
        """The person, and whoever's rights are used."""
        return frozenset({self.person_key, self.for_key} - {""})


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given."""

    person_key: str
    for_key: str
    role: str
    approves: bool

    @property
    def people(self) -> frozenset[str]:
        """The person, and whoever's rights were used."""
        return frozenset({self.person_key, self.for_key} - {""})


@dataclass(frozen=True, slots=True)
class Seat:
    """The chair to answer from and the role that counts; or none, and why."""

    chair: Chair | None
    role: str
    refusal: str


class Comes(StrEnum):
    """What the answers so far come to."""

    WAITS = "waits"
    APPROVED = "approved"
    REJECTED = "rejected"
    DEADLOCKED = "deadlocked"


def find_seat(chairs: Sequence[Chair], roles: Sequence[str], proposers: frozenset[str], given: Iterable[Given]) -> Seat:
    """Return the first chair (the own one comes first) from which a person may answer.

    Args:
        chairs: the hats of one person over the place that the proposal is about.
        roles: one of these is needed.
        proposers: who proposed, and for whom. They may not answer, nobody may answer for them, and who borrowed
            another's rights to propose keeps the lender from answering.
        given: the answers so far. A person counts once, and so does each lender's hat.
    """
    answers = list(given)
    if any(chair.person_key in proposers for chair in chairs):
        return Seat(None, "", OWN)
    if any(chair.person_key == answer.person_key for chair in chairs for answer in answers):
        return Seat(None, "", DONE)
    taken = frozenset[str]().union(*(answer.people for answer in answers))
    refusal = f"It waits for {_either(roles)}." if roles else "Policy settled it."
    for chair in chairs:
        role = next((role for role in roles if role in chair.roles), "")
        if not role:
            continue
        if chair.people & proposers:
            refusal = OWN
        elif chair.people & taken:
            refusal = SAME_HAT
        else:
            return Seat(chair, role, "")
    return Seat(None, "", refusal)


def settle(given: Sequence[Given], approvals: int) -> Comes:
    """Return what the answers come to, in the order they were given.

    The first no ends a proposal, unless someone of another role has said yes before: then two departments disagree,
    and a third person settles it. The second no ends it in any case.
    """
    yes = [answer for answer in given if answer.approves]
    no = [answer for answer in given if not answer.approves]
    if len(yes) >= approvals:
        return Comes.APPROVED
    if not no:
        return Comes.WAITS
    others_said_yes = any(answer.role != no[0].role for answer in yes)
    return Comes.DEADLOCKED if len(no) == 1 and others_said_yes else Comes.REJECTED


def _either(roles: Sequence[str]) -> str:
    names = [role.replace("-", " ") for role in roles]
    article = "an" if names[0][:1] in "aeiou" else "a"
    return f"{article} {' or '.join(names)}"
