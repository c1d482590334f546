"""What other rooms may know of sensing: feeds, batches, the standard model of work and facts, and the event.

The standard model has two shapes. *Work* is what customers ask of us, many rows, each with an instant and an
amount of work: order lines, calls, incidents, requests, visits. *Facts* are what source systems state:
accounts, contract terms, pools, rosters, staff, stock, survey answers.
"""

from closeknit.rooms.sensing.contracts.conflicts import (
    CONFLICT_DUE_HOURS,
    ConflictCard,
    ConflictKind,
    ConflictState,
    Disagreement,
    RecipeChanged,
    RuleChange,
)
from closeknit.rooms.sensing.contracts.connectors import (
    ConnectorCard,
    ConnectorKind,
    MessageReceipt,
    OpenedHook,
    PullPlan,
)
from closeknit.rooms.sensing.contracts.facts import (
    FACT_FIELDS,
    FACT_KEYS,
    Fact,
    FactCard,
    FactKind,
)
from closeknit.rooms.sensing.contracts.feeds import (
    AccountRule,
    BatchCard,
    BatchState,
    Counts,
    DemandObserved,
    FeedCard,
    PromiseRule,
)
from closeknit.rooms.sensing.contracts.freshness import (
    FRESHNESS_SETTINGS,
    Advice,
    FeedFreshness,
    FeedLatency,
    FreshFor,
    Freshness,
)
from closeknit.rooms.sensing.contracts.lineage import (
    BatchLineage,
    LineageBack,
    LineageForward,
    LineageKind,
    LineageNode,
    LineagePart,
    LineageRow,
    MadeOf,
    Touched,
)
from closeknit.rooms.sensing.contracts.news import (
    EventCard,
    EventKind,
    OpportunityCard,
)
from closeknit.rooms.sensing.contracts.purchases import HandlingTotal, PurchaseDays
from closeknit.rooms.sensing.contracts.quarantine import (
    MendOutcome,
    QuarantinedCard,
    QuarantineReason,
    RowColumn,
    RowOutcome,
    RowProblem,
    RowToMend,
)
from closeknit.rooms.sensing.contracts.recipes import (
    PreviewRow,
    RecipeCheck,
    RecipePreview,
    RecipeVersionCard,
    RowFate,
    StreamPreview,
)
from closeknit.rooms.sensing.contracts.sources import (
    BadRow,
    Progress,
    RawRow,
    RowSource,
    SourceFile,
)
from closeknit.rooms.sensing.contracts.work import (
    OperationSpan,
    RecordedPromise,
    SeriesKey,
    Work,
    WorkTotal,
)

__all__ = [
    "CONFLICT_DUE_HOURS",
    "FACT_FIELDS",
    "FACT_KEYS",
    "FRESHNESS_SETTINGS",
    "AccountRule",
    "Advice",
    "BadRow",
    "BatchCard",
    "BatchLineage",
    "BatchState",
    "ConflictCard",
    "ConflictKind",
    "ConflictState",
    "ConnectorCard",
    "ConnectorKind",
    "Counts",
    "DemandObserved",
    "Disagreement",
    "EventCard",
    "EventKind",
    "Fact",
    "FactCard",
    "FactKind",
    "FeedCard",
    "FeedFreshness",
    "FeedLatency",
    "FreshFor",
    "Freshness",
    "HandlingTotal",
    "LineageBack",
    "LineageForward",
    "LineageKind",
    "LineageNode",
    "LineagePart",
    "LineageRow",
    "MadeOf",
    "MendOutcome",
    "MessageReceipt",
    "OpenedHook",
    "OperationSpan",
    "OpportunityCard",
    "PreviewRow",
    "Progress",
    "PromiseRule",
    "PullPlan",
    "PurchaseDays",
    "QuarantineReason",
    "QuarantinedCard",
    "RawRow",
    "RecipeChanged",
    "RecipeCheck",
    "RecipePreview",
    "RecipeVersionCard",
    "RecordedPromise",
    "RowColumn",
    "RowFate",
    "RowOutcome",
    "RowProblem",
    "RowSource",
    "RowToMend",
    "RuleChange",
    "SeriesKey",
    "SourceFile",
    "StreamPreview",
    "Touched",
    "Work",
    "WorkTotal",
]
