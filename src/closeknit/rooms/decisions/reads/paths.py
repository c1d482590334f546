"""The escalation paths in force: as shipped, or as an administrator changed them."""

from functools import lru_cache
from pathlib import Path

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.decisions.compute.paths import path_from, read_paths, write_path
from closeknit.rooms.decisions.contracts.escalations import EscalationPath
from closeknit.rooms.decisions.models import EscalationPathRow
from closeknit.rooms.decisions.reads.names import names_of
from closeknit.rooms.org.contracts import Permission, Role

SHIPPED = Path(__file__).resolve().parent.parent / "policies" / "escalation_paths.yaml"
ROLES = frozenset(role.value for role in Role)


def list_paths(*, by: Actor) -> list[EscalationPath]:
    """Return every path as it is in force, by name."""
    by.require(Permission.READ_DECISIONS)
    names = sorted(shipped_paths().keys() | set(EscalationPathRow.objects.values_list("path", flat=True)))
    return [path_in_force(name) for name in names]


def get_path(path: str, *, by: Actor) -> EscalationPath:
    """Return one path as it is in force, or raise NotFound."""
    by.require(Permission.READ_DECISIONS)
    return path_in_force(path)


def list_path_versions(path: str, *, by: Actor) -> list[EscalationPath]:
    """Return every version of a path, newest first; the shipped one is the last."""
    by.require(Permission.READ_DECISIONS)
    rows = list(EscalationPathRow.objects.filter(path=path).order_by("-version"))
    names = names_of(row.adopted_by_key for row in rows)
    shipped = shipped_paths().get(path)
    return [_of(row, names) for row in rows] + ([shipped] if shipped else [])


def path_as_text(path: EscalationPath, *, by: Actor) -> str:
    """Return a path as people write it (YAML), to be changed and adopted."""
    by.require(Permission.READ_DECISIONS)
    return write_path(path)


def path_in_force(path: str) -> EscalationPath:
    """Return a path as it is in force, for who acts; NotFound where there is none."""
    found = find_path(path)
    if found is None:
        raise NotFound(
            "There is no such escalation path.", where=path, todo="See: closeknit decisions escalations paths."
        )
    return found


def find_path(path: str) -> EscalationPath | None:
    """Return a path as it is in force, for who acts, or None."""
    row = EscalationPathRow.objects.filter(path=path).order_by("-version").first()
    return _of(row, names_of([row.adopted_by_key])) if row else shipped_paths().get(path)


@lru_cache(maxsize=1)
def shipped_paths() -> dict[str, EscalationPath]:
    """Return the paths as shipped, by name."""
    return read_paths(SHIPPED.read_text(encoding="utf-8"), roles=ROLES)


def _of(row: EscalationPathRow, names: dict[str, str]) -> EscalationPath:
    return path_from(
        row.path,
        row.body,
        roles=ROLES,
        version=row.version,
        adopted_by=names.get(row.adopted_by_key, row.adopted_by_key),
        adopted_at=row.adopted_at,
        reason=row.reason,
    )
