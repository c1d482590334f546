"""The same plan with these changes, from the stored inputs: nothing is stored, everything can be computed again."""

from closeknit.rooms.capacity.compute.what_if.checked import check_changes
from closeknit.rooms.capacity.compute.what_if.guarantee import (
    held_now,
    held_then,
    others_in_the_way,
    sized_guarantee,
)
from closeknit.rooms.capacity.compute.what_if.inputs import change_guarantees, change_terms, touched_pools
from closeknit.rooms.capacity.compute.what_if.outcome import ScenarioResult, preset_changes, scenario
from closeknit.rooms.capacity.compute.what_if.quote import QuoteNumbers, proposed_of, quote, quote_digest
from closeknit.rooms.capacity.compute.what_if.request import RequestNumbers, answer_request, pools_of_request
from closeknit.rooms.capacity.compute.what_if.result import (
    WHAT_IF_VERSION,
    WhatIf,
    plan_with,
    plan_with_changes,
    what_if,
)

__all__ = [
    "WHAT_IF_VERSION",
    "QuoteNumbers",
    "RequestNumbers",
    "ScenarioResult",
    "WhatIf",
    "answer_request",
    "change_guarantees",
    "change_terms",
    "check_changes",
    "held_now",
    "held_then",
    "others_in_the_way",
    "plan_with",
    "plan_with_changes",
    "pools_of_request",
    "preset_changes",
    "proposed_of",
    "quote",
    "quote_digest",
    "scenario",
    "sized_guarantee",
    "touched_pools",
    "what_if",
]
