"""API tokens and sign-in: what programs may be given, and what a person sees of the own access."""

from dataclasses import dataclass
from datetime import datetime

from closeknit.rooms.org.contracts.access import Permission

READING: frozenset[Permission] = frozenset(p for p in Permission if p.name.startswith("READ_"))
"""What a token may do where nothing else is said: read."""

NEVER_BY_TOKEN: frozenset[Permission] = frozenset({Permission.MANAGE_PEOPLE, Permission.DELEGATE})
"""What no program may do for a person: give rights away."""

DEFAULT_DAYS = 90
LONGEST_DAYS = 365


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An API token, shown once: only its hash is kept."""

    token: str
    label: str
    token_id: int
    scopes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenCard:
    """A token as its person sees it: everything but the token."""

    token_id: int
    label: str
    person_key: str
    person_name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class SignInCard:
    """How a person signs in."""

    username: str
    email: str
    has_password: bool
    has_second_factor: bool
    recovery_codes_left: int
    has_single_sign_on: bool
