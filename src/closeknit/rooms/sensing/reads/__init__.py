"""Every question about what was observed. Access: see `access.py`."""

from closeknit.rooms.sensing.reads.answers import list_survey_answers
from closeknit.rooms.sensing.reads.conflicts import (
    get_conflict,
    list_conflicts,
    list_rule_changes,
)
from closeknit.rooms.sensing.reads.connectors import get_connector, list_connectors, list_due_connectors, list_streams
from closeknit.rooms.sensing.reads.facts import list_facts
from closeknit.rooms.sensing.reads.feeds import (
    get_account_rule,
    get_batch,
    get_feed,
    get_feed_name,
    get_promise_rule,
    list_batches,
    list_feeds,
)
from closeknit.rooms.sensing.reads.freshness import (
    get_freshness,
    list_feed_freshness,
)
from closeknit.rooms.sensing.reads.knowledge import list_known
from closeknit.rooms.sensing.reads.lineage import work_lineage
from closeknit.rooms.sensing.reads.news import list_events, list_opportunities
from closeknit.rooms.sensing.reads.operations import (
    account_totals,
    get_operation,
    list_operations,
    list_services,
    recorded_promises,
    units_by_account,
    work_totals,
)
from closeknit.rooms.sensing.reads.places import region_countries, region_zones, stated_countries
from closeknit.rooms.sensing.reads.presence import operations_of_accounts
from closeknit.rooms.sensing.reads.purchases import handling_totals, purchase_days
from closeknit.rooms.sensing.reads.quarantine import (
    count_quarantine_reasons,
    get_row_to_mend,
    list_quarantined,
)
from closeknit.rooms.sensing.reads.recipes import (
    check_recipe,
    get_recipe_version,
    list_recipe_versions,
    list_taken_names,
    preview_file,
    preview_recipe,
)
from closeknit.rooms.sensing.reads.series import (
    daily_arrivals,
    daily_quantities,
    daily_units,
    half_hour_quantities,
    handle_minutes,
    weekly_units,
)
from closeknit.rooms.sensing.reads.timed_work import (
    find_timed_work,
    list_ended_work,
    list_open_work,
    list_work_within,
)
from closeknit.rooms.sensing.reads.tracing import (
    get_recipe_texts,
    trace_back,
    trace_forward,
)
from closeknit.rooms.sensing.reads.traffic import list_traffic
from closeknit.rooms.sensing.reads.versions import recipe_versions
from closeknit.rooms.sensing.reads.work_rows import list_work_rows

__all__ = [
    "account_totals",
    "check_recipe",
    "count_quarantine_reasons",
    "daily_arrivals",
    "daily_quantities",
    "daily_units",
    "find_timed_work",
    "get_account_rule",
    "get_batch",
    "get_conflict",
    "get_connector",
    "get_feed",
    "get_feed_name",
    "get_freshness",
    "get_operation",
    "get_promise_rule",
    "get_recipe_texts",
    "get_recipe_version",
    "get_row_to_mend",
    "half_hour_quantities",
    "handle_minutes",
    "handling_totals",
    "list_batches",
    "list_conflicts",
    "list_connectors",
    "list_due_connectors",
    "list_ended_work",
    "list_events",
    "list_facts",
    "list_feed_freshness",
    "list_feeds",
    "list_known",
    "list_open_work",
    "list_operations",
    "list_opportunities",
    "list_quarantined",
    "list_recipe_versions",
    "list_rule_changes",
    "list_services",
    "list_streams",
    "list_survey_answers",
    "list_taken_names",
    "list_traffic",
    "list_work_rows",
    "list_work_within",
    "operations_of_accounts",
    "preview_file",
    "preview_recipe",
    "purchase_days",
    "recipe_versions",
    "recorded_promises",
    "region_countries",
    "region_zones",
    "stated_countries",
    "trace_back",
    "trace_forward",
    "units_by_account",
    "weekly_units",
    "work_lineage",
    "work_totals",
]
