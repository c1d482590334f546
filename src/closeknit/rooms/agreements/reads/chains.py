"""Internal agreements in force, and the slack that they leave of what customers are promised."""

from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.rooms.agreements.compute import slack_of
from closeknit.rooms.agreements.contracts.chains import ChainCard, ChainStep, WantedChain
from closeknit.rooms.agreements.contracts.terms import Clock, Measure
from closeknit.rooms.agreements.models import ChainRow
from closeknit.rooms.agreements.reads.terms import list_terms
from closeknit.rooms.org.contracts import Permission

MOST_TERMS = 100_000


def list_chains(*, by: Actor, at: datetime) -> list[ChainCard]:
    """Return the chains in force now by name, each with what it leaves of the promises that the actor may see."""
    by.require(Permission.READ_INTERNAL)
    return [_card(row, by, at) for row in ChainRow.objects.filter(until_at=None).order_by("name", "chain_id")]


def list_stated_chains(*, by: Actor) -> list[WantedChain]:
    """Return the chains in force by name, as stated: what a proposal of promises is held against."""
    by.require(Permission.PROPOSE)
    return [_stated(row) for row in ChainRow.objects.filter(until_at=None).order_by("name", "chain_id")]


def _stated(row: ChainRow) -> WantedChain:
    return WantedChain(
        name=row.name,
        operation=row.operation,
        service=row.service,
        work_class=row.work_class,
        measure=Measure(row.measure),
        clock=Clock(row.clock),
        steps=tuple(ChainStep(**step) for step in row.steps),
    )


def _card(row: ChainRow, by: Actor, at: datetime) -> ChainCard:
    chain = _stated(row)
    promises = slack_of(chain, list_terms(by=by, operation=row.operation, on=at.date(), limit=MOST_TERMS))
    return ChainCard(
        chain_id=row.chain_id,
        thread_id=row.thread_id,
        name=chain.name,
        operation=chain.operation,
        service=chain.service,
        work_class=chain.work_class,
        measure=chain.measure,
        clock=chain.clock,
        steps=chain.steps,
        total_minutes=sum(step.within_minutes for step in chain.steps),
        slack_minutes=promises[0].slack_minutes if promises else None,
        promises=promises,
        from_at=row.from_at,
    )
