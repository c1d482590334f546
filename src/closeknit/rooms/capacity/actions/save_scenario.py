"""Compute a named set of changes on a plan, and keep what it comes to. It changes nothing that is planned."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.kernel.output import plain
from closeknit.rooms.capacity.compute.what_if import WHAT_IF_VERSION, preset_changes, scenario
from closeknit.rooms.capacity.contracts.scenarios import ScenarioSaved, StressPreset
from closeknit.rooms.capacity.contracts.what_if import PlanChanges
from closeknit.rooms.capacity.models import Scenario
from closeknit.rooms.capacity.reads.scenarios import say_changes
from closeknit.rooms.capacity.reads.what_if import find_asked_account, get_plan_to_change, require_one_currency
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

LONGEST_NAME = 120


def save_scenario(
    name: str,
    changes: PlanChanges,
    *,
    preset: StressPreset | None = None,
    operation: str = "",
    plan_id: UUID | None = None,
    by: Actor,
    at: datetime,
) -> UUID:
    """Plan with changes, or with those of a preset, simulate it, and keep what it came to under a name; return its id.

    Raises:
        Denied: for who may not run plans over every account.
        NotFound: for a plan or an account that is not there.
        Invalid: without a name or a change, and for changes that no plan can be made of.
        Conflict: when the plan has a scenario of that name.
    """
    by.require(Permission.RUN_PLAN)
    words = name.strip()
    if not words or len(words) > LONGEST_NAME:
        raise Invalid("A scenario needs a name.", where="name", todo=f"Give at most {LONGEST_NAME} characters.")
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    if preset is not None:
        changes = preset_changes(preset, plan.inputs, plan.numbers)
    named = [c.account_number for c in changes.terms] + [c.account_number for c in changes.demand if c.account_number]
    named += [c.account_number for c in changes.requests]
    if not any((changes.terms, changes.demand, changes.pools, changes.requests)):
        raise Invalid("Nothing is changed.", where="changes", todo="Give a change, or a preset.")
    accounts = [find_asked_account(plan, number, by=by) for number in sorted(set(named))]
    require_one_currency(plan, changes.terms)
    shares = tuple(share for account in accounts for share in account.shares)
    tiers = {account.account_number: account.tier for account in accounts}
    found = scenario(plan.inputs, plan.numbers, changes, currency=plan.currency, shares=shares, tiers=tiers)
    row = Scenario(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        plan_id=plan.plan_id,
        operation=plan.operation,
        name=words,
        preset=preset.value if preset else "",
        changes=plain(changes),
        share_of_tier=plain(list(shares)),
        outcome=plain(found.outcome),
        made_at=at,
        made_by_key=by.key,
        made_by_name=by.name_for(Permission.RUN_PLAN)[:120],
        inputs_digest=found.inputs_digest,
        result_digest=found.digest,
        code_version=WHAT_IF_VERSION,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            record_entry(_entry(row, changes), by=by)
            publish(ScenarioSaved(row.thread_id, row.pk, row.operation), by=by)
    except IntegrityError as error:
        raise Conflict(
            f"The plan has a scenario {words!r} already.", where="name", todo="Choose another name."
        ) from error
    return row.pk


def _entry(row: Scenario, changes: PlanChanges) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind="scenario.saved",
        subject=f"scenario:{row.pk}",
        sentence=f"{{actor}} tried a scenario on the plan of {row.operation}: {' '.join(say_changes(changes))}",
        evidence={
            "scenario_id": row.pk,
            "plan_id": row.plan_id,
            "inputs_digest": row.inputs_digest,
            "result_digest": row.result_digest,
            "code_version": row.code_version,
        },
    )
