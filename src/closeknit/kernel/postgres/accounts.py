"""Which operating-system account runs the server: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from closeknit.kernel.postgres.errors import DatabaseError

UNPRIVILEGED_NAMES = ("postgres", "nobody")


class ProcessOwner(TypedDict, total=False):
    """The keyword arguments of `subprocess.Popen` that change the owner of a child."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The account the server runs under; `changed` when it is not the caller's own."""

    uid: int
    gid: int
    name: str
    changed: bool

    def process_owner(self) -> ProcessOwner:
        """What to pass to `subprocess` so that the child runs under this account."""
        if not self.changed:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may(self, path: Path, bits: int) -> bool:
        """Whether the mode bits (1 traverse or execute, 4 read) let this account at one path."""
        found = path.stat()
        if found.st_uid == self.uid:
            return found.st_mode >> 6 & bits == bits
        if found.st_gid == self.gid:
            return found.st_mode >> 3 & bits == bits
        return found.st_mode & bits == bits

    def reaches(self, path: Path) -> bool:
        """Whether this account can traverse every folder from the root down to `path`'s parent."""
        return all(self.may(folder, 1) for folder in path.resolve().parents if folder.exists())

    def reads(self, path: Path) -> bool:
        """Whether this account can reach and read (and, for a program, execute) a file."""
        if not path.exists() or not self.reaches(path):
            return False
        bits = 5 if path.stat().st_mode & stat.S_IXUSR else 4
        return self.may(path, bits)


def server_account() -> Account:
    """The caller, or an unprivileged account of the system when the caller is root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), _name_of(os.geteuid()), changed=False)
    for name in UNPRIVILEGED_NAMES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return Account(found.pw_uid, found.pw_gid, name, changed=True)
    raise DatabaseError(
        "PostgreSQL refuses to run as root, and this system has neither a 'postgres' nor a 'nobody' account. "
        "Nothing was changed. Run as an ordinary user, or set DATABASE_URL to a running PostgreSQL."
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
