"""Where a chunk of rows comes from and goes to, and what became of it."""

from dataclasses import dataclass, field

from closeknit.rooms.sensing.contracts import RawRow
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.models import Batch


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows come from and go to: the batch, the file in it, its stream and columns, and what not to
    keep.

    `waiting`: hashes of rows of earlier batches that wait in quarantine and may now be good; `waiting_told`: where in a
    row, and by which texts there, one of them is told from others at a glance. `repeats`: this source was loaded
    before. `meets_known`: keys that are there already are to be expected. `says_end`: the stream says when work ends.
    """

    batch: Batch
    file_number: int
    stream: str
    columns: tuple[str, ...]
    private: frozenset[str]
    waiting: frozenset[bytes]
    repeats: bool
    meets_known: bool = True
    says_end: bool = False
    waiting_told: tuple[int, frozenset[str]] | None = None


@dataclass(slots=True)
class Settled:
    """What became of a chunk's rows."""

    accepted: int = 0
    duplicate: int = 0
    superseded: int = 0
    refused: list[tuple[int, RawRow, Refused]] = field(default_factory=list)

    def settle_known(self, same: bool, line: int, raw: RawRow) -> None:
        """Count a row whose key is known as a duplicate, or refuse it where its content differs."""
        if same:
            self.duplicate += 1
        else:
            self.refused.append((line, raw, conflict()))


def conflict() -> Refused:
    """Return the refusal of a row that says something else than one with its key did before."""
    return Refused("key-conflict", "A row with this key came before with other content. Find out which one is right.")
