"""Tables of sensing, one file per subject."""

from closeknit.rooms.sensing.models.conflicts import (
    Conflict,
)
from closeknit.rooms.sensing.models.connectors import (
    Connector,
    Message,
)
from closeknit.rooms.sensing.models.facts import (
    FactRow,
)
from closeknit.rooms.sensing.models.feeds import (
    Batch,
    BatchOperation,
    Feed,
)
from closeknit.rooms.sensing.models.quarantine import (
    QuarantinedRow,
)
from closeknit.rooms.sensing.models.recipes import (
    RecipeVersion,
    SampleRows,
)
from closeknit.rooms.sensing.models.work import (
    WorkRow,
)

__all__ = [
    "Batch",
    "BatchOperation",
    "Conflict",
    "Connector",
    "FactRow",
    "Feed",
    "Message",
    "QuarantinedRow",
    "RecipeVersion",
    "SampleRows",
    "WorkRow",
]
