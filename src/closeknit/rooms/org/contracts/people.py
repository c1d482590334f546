"""People, teams and what was granted, lent and reported, as other rooms and pages see them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from closeknit.kernel.errors import Invalid
from closeknit.rooms.org.contracts.access import STANDS_ALONE, Permission, Role


@dataclass(frozen=True, slots=True)
class TeamCard:
    """A team that looks after accounts."""

    team_id: int
    name: str


@dataclass(frozen=True, slots=True)
class GrantCard:
    """Accounts that a person's roles reach: of a team, of a region, of both together, or one account."""

    team: str = ""
    region: str = ""
    account_number: str = ""

    @property
    def sentence(self) -> str:
        """Say which accounts these are."""
        if self.account_number:
            return f"account {self.account_number}"
        parts = [f"team {self.team}" if self.team else "", f"region {self.region}" if self.region else ""]
        return " in ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person who signs in. `teams` are those granted whole."""

    key: str
    username: str
    name: str
    roles: tuple[Role, ...]
    teams: tuple[str, ...]
    grants: tuple[GrantCard, ...] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person holds: roles, the accounts granted where a role is not over all of them; may it enter."""

    roles: tuple[Role, ...] = ()
    grants: tuple[GrantCard, ...] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class RightsChange:
    """One change of a person's rights: who made it, when and why. `before` is None where the person is new."""

    change_id: UUID
    person_key: str
    person_name: str
    changed_by_key: str
    changed_at: datetime
    reason: str
    before: Rights | None
    after: Rights


@dataclass(frozen=True, slots=True)
class DelegationCard:
    """Rights lent by one person to another, from `starts_at` until before `ends_at`; `ended_at` where ended early.

    `permissions` is None where all that can be lent is lent.
    """

    delegation_id: UUID
    lender_key: str
    lender_name: str
    borrower_key: str
    borrower_name: str
    permissions: tuple[Permission, ...] | None
    starts_at: datetime
    ends_at: datetime
    reason: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class AbsenceCard:
    """A person is away from `starts_at` until before `ends_at`; `ended_at` where back early."""

    absence_id: UUID
    person_key: str
    person_name: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    ended_at: datetime | None


def check_rights(rights: Rights) -> Rights:
    """Return rights in their one form (sorted, each once), or refuse what does not go together."""
    roles = tuple(sorted(set(rights.roles), key=list(Role).index))
    grants = tuple(sorted(set(rights.grants), key=lambda g: (g.team, g.region, g.account_number)))
    alone = STANDS_ALONE & set(roles)
    if alone and len(roles) > 1:
        raise Invalid(
            f"The role {min(alone)} is for outsiders and goes with no other role.",
            where="roles",
            todo="Make two people of it, or leave one role out.",
        )
    for grant in grants:
        _check_grant(grant, account_only=bool(alone))
    return Rights(roles, grants, rights.is_active)


def _check_grant(grant: GrantCard, *, account_only: bool) -> None:
    parts = (grant.team, grant.region, grant.account_number)
    if not any(parts) or any("\x00" in part or part != part.strip() for part in parts):
        raise Invalid(
            "A grant names a team, a region, both, or one account.", where="grants", todo="Leave out empty grants."
        )
    if grant.account_number and (grant.team or grant.region):
        raise Invalid(
            "A grant of one account names nothing else.", where=grant.account_number, todo="Make two grants of it."
        )
    if account_only and not grant.account_number:
        raise Invalid(
            "A customer's own reader is granted single accounts only.",
            where=grant.sentence,
            todo="Grant the customer's accounts by their numbers.",
        )
