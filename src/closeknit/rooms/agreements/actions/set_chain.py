"""State how departments share the time of a promise; what does not add up is refused."""

import math
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.output import plain
from closeknit.rooms.agreements.compute import slack_of
from closeknit.rooms.agreements.contracts.chains import ChainStep, WantedChain
from closeknit.rooms.agreements.models import ChainRow
from closeknit.rooms.agreements.reads.terms import list_terms
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

MOST_STEPS = 30
MOST_TERMS = 100_000
LONGEST_MINUTES = 366 * 24 * 60


def set_chain(chain: WantedChain, *, chain_id: UUID | None = None, by: Actor, at: datetime) -> UUID:
    """Put a chain in force, or (with its id) state it anew; what it was before stays. Return its id.

    Raises:
        Denied: unless the actor may propose for every account: departments work for all of them.
        Invalid: for a step without a department or a time, or when the steps take longer than a promise allows.
        Conflict: when another chain stands for the same operation, service, class of work and measure.
        NotFound: for an id that stands for no chain.
    """
    by.require(Permission.PROPOSE)
    if not by.scope_of(Permission.PROPOSE).every_account:
        raise Denied(
            f"{by.name} answers for some accounts only; departments work for all.",
            where="account scope",
            todo="Ask a planner or service lead to state it.",
        )
    _check(chain)
    _check_sum(chain, by, at)
    try:
        with transaction.atomic():
            before = _in_force(chain_id) if chain_id else None
            if before is not None:
                ChainRow.objects.filter(pk=before.pk).update(until_at=max(at, before.from_at))
            row = ChainRow.objects.create(
                chain_id=before.chain_id if before else ids.new_id(),
                thread_id=before.thread_id if before else ids.new_id(),
                **{name: plain(value) for name, value in asdict(chain).items()},
                from_at=at,
                set_by_key=by.key,
            )
            record_entry(_entry(row, chain, before is not None), by=by)
    except IntegrityError:
        raise Conflict(
            "Another chain stands for this work and measure.", where="operation", todo="State that one anew."
        ) from None
    return row.chain_id


def _in_force(chain_id: UUID) -> ChainRow:
    row = ChainRow.objects.select_for_update().filter(chain_id=chain_id, until_at=None).first()
    if row is None:
        raise NotFound("There is no such chain.", where=str(chain_id))
    return row


def _check(chain: WantedChain) -> None:
    for where in ("name", "operation", "service", "work_class"):
        text = getattr(chain, where)
        if len(text) > 80 or not text.isprintable() or (not text.strip() and where in ("name", "operation")):
            raise Invalid("A chain needs a name and an operation, of at most 80 plain letters.", where=where)
    if not 1 <= len(chain.steps) <= MOST_STEPS:
        raise Invalid("A chain has steps.", where="steps", todo=f"Give 1 to {MOST_STEPS}.")
    for step in chain.steps:
        _check_step(step)


def _check_step(step: ChainStep) -> None:
    if not step.department.strip() or len(step.department) > 80 or len(step.task) > 120 or len(step.owner_key) > 80:
        raise Invalid("A step names its department, in at most 80 letters.", where="steps")
    if not (math.isfinite(step.within_minutes) and 0 < step.within_minutes <= LONGEST_MINUTES):
        raise Invalid("A step takes more than no time and at most a year.", where="steps")


def _check_sum(chain: WantedChain, by: Actor, at: datetime) -> None:
    terms = list_terms(by=by, operation=chain.operation, on=at.date(), limit=MOST_TERMS)
    broken = [slack for slack in slack_of(chain, terms) if slack.slack_minutes < 0]
    if broken:
        tightest, total = broken[0], sum(step.within_minutes for step in chain.steps)
        raise Invalid(
            f"The steps take {total:g} minutes, and {tightest.term_number} ({tightest.sentence}) allows"
            f" {tightest.promised_minutes:g}; {len(broken)} promise{'s' * (len(broken) != 1)} could not be kept.",
            where="steps",
            todo=f"Take {-tightest.slack_minutes:g} minutes off the steps, or renegotiate the promise first.",
        )


def _entry(row: ChainRow, chain: WantedChain, is_anew: bool) -> Entry:
    total = sum(step.within_minutes for step in chain.steps)
    return Entry(
        thread_id=row.thread_id,
        kind="chain.set",
        subject=f"chain:{row.chain_id}",
        sentence=f"{{actor}} stated {chain.name}{' anew' if is_anew else ''}: {len(chain.steps)} steps, {total:g} min.",
        evidence=plain(asdict(chain)),
    )
