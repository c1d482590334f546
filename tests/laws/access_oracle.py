"""The rules of access once more: a small model written from docs/access.md, which shares no code with the program.

The table of roles is read from that page, so page and model cannot part; the rest are its sentences, numbered as
there. `test_access.py` compares the program with this model. Standard library only.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "access.md"
ALL, GRANTED = "all", "granted"
NEVER_LENT = frozenset(
    {"people.manage", "settings.manage", "settings.deviate", "ledger.manage", "privacy.manage", "rights.lend"}
)  # 3.3
FIELDS = {"money": "money.read", "prices": "prices.read", "internal": "internal.read", "personal": "personal.read"}  # 6


@dataclass
class Account:
    """Where an account belongs now (2)."""

    number: str
    team: str | None
    region: str


@dataclass
class Grant:
    """Accounts by the parts that are named (1.2)."""

    team: str | None = None
    region: str = ""
    number: str = ""


@dataclass
class Person:
    """Someone with roles and grants; one who cannot sign in holds nothing (1.6)."""

    name: str
    roles: list[str] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    active: bool = True


@dataclass
class Delegation:
    """A loan of named rights, or of all where `permissions` is None (3.1)."""

    lender: str
    borrower: str
    permissions: list[str] | None
    starts: datetime
    ends: datetime
    ended: datetime | None = None


def roles_of_the_page() -> dict[str, dict[str, str]]:
    """Read the table of section 5: role -> permission -> "all" or "granted"."""
    text = PAGE.read_text(encoding="utf-8").partition("## 5. Roles")[2].partition("## 6.")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    names = [name.replace(" ", "-") for name in rows[0][1:]]
    table: dict[str, dict[str, str]] = {name: {} for name in names}
    for row in rows[2:]:
        found = re.search(r"`([a-z.]+)`", row[0])
        assert found, row
        for name, cell in zip(names, row[1:], strict=True):
            assert cell in ("", ALL, GRANTED), row
            if cell:
                table[name][found[1]] = cell
    return table


ROLES = roles_of_the_page()


@dataclass
class World:
    """Everything that the rules look at."""

    people: dict[str, Person] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    delegations: list[Delegation] = field(default_factory=list)

    def allowed(self, name: str, permission: str, number: str, at: datetime) -> bool:
        """Tell whether a person holds a permission over an account at an instant; the account "" is none (1.5)."""
        return self._own(name, permission, number) or self.lender_for(name, permission, number, at) is not None

    def may(self, name: str, permission: str, at: datetime) -> bool:
        """Tell whether a person holds a permission at all, over whatever accounts."""
        if self._holds(name, permission):
            return True
        return any(self._passes(loan, permission) for loan in self._loans(name, at))

    def lender_for(self, name: str, permission: str, number: str, at: datetime) -> str | None:
        """Return who lends a right that is used, or None where it is one's own or nobody's (3.5)."""
        if self._own(name, permission, number):
            return None
        for loan in self._loans(name, at):
            if self._passes(loan, permission) and self._own(loan.lender, permission, number):
                return loan.lender
        return None

    def visible(self, name: str, permission: str, at: datetime) -> set[str]:
        """Return the accounts over which a person holds a permission."""
        return {number for number in self.accounts if self.allowed(name, permission, number, at)}

    def shows(self, name: str, sensitivity: str, number: str, at: datetime) -> bool:
        """Tell whether a field shows of an account that the person sees (6)."""
        return self.allowed(name, FIELDS[sensitivity], number, at)

    def _holds(self, name: str, permission: str) -> bool:
        person = self.people[name]
        return person.active and any(permission in ROLES[role] for role in person.roles)

    def _own(self, name: str, permission: str, number: str) -> bool:
        """A right by own roles: over every account, or over what some grant covers (1.3, 1.4)."""
        person = self.people[name]
        if not person.active:
            return False
        reaches = {ROLES[role].get(permission) for role in person.roles}
        if ALL in reaches:
            return True
        return GRANTED in reaches and any(self._covers(grant, number) for grant in person.grants)

    def _covers(self, grant: Grant, number: str) -> bool:
        """Every part that is named must match, and something must be named (1.2)."""
        account = self.accounts.get(number)
        if account is None:
            return False
        named = 0
        if grant.team is not None:
            named += 1
            if account.team != grant.team:
                return False
        if grant.region:
            named += 1
            if account.region != grant.region:
                return False
        if grant.number:
            named += 1
            if account.number != grant.number:
                return False
        return named > 0

    def _loans(self, name: str, at: datetime) -> list[Delegation]:
        """Return the delegations to a person that run, earliest first; none to or by a customer (3.1, 3.2, 3.4)."""
        borrower = self.people[name]
        if not borrower.active or "customer" in borrower.roles:
            return []
        running = [
            loan
            for loan in self.delegations
            if loan.borrower == name and loan.starts <= at < loan.ends and (loan.ended is None or at < loan.ended)
        ]
        able = [loan for loan in running if self._can_lend(self.people[loan.lender])]
        return sorted(able, key=lambda loan: loan.starts)

    @staticmethod
    def _can_lend(lender: Person) -> bool:
        return lender.active and "customer" not in lender.roles

    def _passes(self, loan: Delegation, permission: str) -> bool:
        """A loan passes on what it names, of what the lender holds by own roles, but never management (3.2, 3.3)."""
        named = loan.permissions is None or permission in (*loan.permissions, "accounts.read")
        return named and permission not in NEVER_LENT and self._holds(loan.lender, permission)
