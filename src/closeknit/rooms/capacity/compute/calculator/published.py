"""Published results, computed again."""

from closeknit.engine.queueing import check_published
from closeknit.rooms.capacity.contracts import VerifiedNumber


def verify() -> tuple[VerifiedNumber, ...]:
    """Compute each published result with the functions that answer, beside what its source prints."""
    return tuple(
        VerifiedNumber(
            name=checked.result.name,
            source=checked.result.source,
            question=checked.result.question,
            published=", ".join(f"{name} {value:g}" for name, value in checked.result.expected.items()),
            computed=", ".join(f"{name} {value:.7g}" for name, value in checked.computed.items()),
            agrees=checked.agrees,
        )
        for checked in check_published()
    )
