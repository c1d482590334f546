"""The same plan with these changes, from the stored inputs: nothing is stored, everything can be computed again."""

from closeknit.rooms.capacity.compute.what_if.checked import check_changes
from closeknit.rooms.capacity.compute.what_if.inputs import change_terms, touched_pools
from closeknit.rooms.capacity.compute.what_if.outcome import ScenarioResult, preset_changes, scenario
from closeknit.rooms.capacity.compute.what_if.quote import QuoteNumbers, quote
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
    "change_terms",
    "check_changes",
    "plan_with",
    "plan_with_changes",
    "pools_of_request",
    "preset_changes",
    "quote",
    "scenario",
    "touched_pools",
    "what_if",
]
