"""The door of every deletion of data: nothing that tells of customers or people goes but through it.

The rules stand in the room of privacy, which hands over its judge (`web/wiring.py`); this knows none of them. Without
a judge nothing may go.
"""

from dataclasses import dataclass
from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared

JUDGE = "deletion gate"


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is to go: its class, in words what it is, and before which instant its newest row was made.

    Rows of a bulk deletion are not told apart by subject: anything that protects one of them keeps all.
    """

    data_class: str
    what: str
    made_before: datetime


@dataclass(frozen=True, slots=True)
class Clearance:
    """The gate's answer."""

    is_allowed: bool
    why: str


def ask_gate(deletion: Deletion, *, by: Actor | None = None) -> Clearance:
    """Return whether rows may be deleted; the verdict is on record. Ask in the transaction of the deletion."""
    judge = declared(JUDGE).get("judge")
    if judge is None:
        return Clearance(False, "No gate stands that could allow it.")
    answer: Clearance = judge(deletion, by=by)
    return answer
