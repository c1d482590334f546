"""Put the staff moves that would end a shortage before the decision table."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.rooms.capacity.contracts.shortage import ShortageState
from closeknit.rooms.capacity.models import ShortageRow, StaffMove
from closeknit.rooms.capacity.reads.shortage import get_shortage, list_short_claims, moves_of
from closeknit.rooms.capacity.reads.what_if import get_plan_to_change
from closeknit.rooms.decisions.actions.propose_change import propose_change
from closeknit.rooms.decisions.contracts import Effect
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import system_actor
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import FreshFor

KIND = "capacity-loan"


def propose_reassignment(shortage_id: UUID, *, reason: str, by: Actor, at: datetime) -> UUID:
    """Propose a shortage's staff moves; return the proposal's id. Asked again it is the same proposal.

    The company's decision table says who answers (its part `capacity-loan`). At stake is what the moved people cost.

    Raises:
        NotFound: for a shortage that the actor may not see whole.
        Invalid: without a reason, or where the decision table has no part for it.
        Conflict: when it was proposed and answered before, or when there is nobody to move.
    """
    by.require(Permission.PROPOSE)
    get_shortage(shortage_id, by=by)
    if not by.scope_of(Permission.PROPOSE).every_account:
        raise NotFound("There is no such shortage.", where=str(shortage_id))
    if not reason.strip():
        raise Invalid("Staff are not reassigned without a reason.", where="reason", todo="Say why.")
    with transaction.atomic():
        row = ShortageRow.objects.select_for_update().get(pk=shortage_id)
        if row.state == ShortageState.PROPOSED.value and row.proposal_id is not None:
            return row.proposal_id
        moves = moves_of(row)
        _check(row, moves)
        row.proposal_id = propose_change(
            kind=KIND,
            subject=f"shortage:{row.pk}",
            title=f"Reassign staff to end the shortage of {row.operation}"[:200],
            summary=f"{_said(row, moves)} {reason.strip()}",
            before={"hours short": round(row.short_hours, 1), "kept again from": _day(row.recovery_without_on)},
            after={
                "hours short": round(row.short_hours_after, 1),
                "kept again from": _day(row.recovery_on),
                **{f"move {number}": _move(move) for number, move in enumerate(moves, 1)},
            },
            effects=_effects(row),
            tier="none",
            money_at_stake=sum((move.cost for move in moves), Decimal(0)),
            currency=get_plan_to_change(row.plan_id, by=system_actor()).currency,
            facts={
                "lender_accounts_short": row.lender_claimants_short,
                "days": max((move.until_on - move.from_on).days for move in moves),
                "stale_feeds": _stale_feeds(row, at),
            },
            account_number="",
            thread_id=row.thread_id,
            by=by,
            at=at,
        )
        row.state = ShortageState.PROPOSED.value
        row.save(update_fields=["state", "proposal_id"])
    return row.proposal_id


def _stale_feeds(row: ShortageRow, at: datetime) -> int:
    """How many feeds behind the plan are too old by now to lend anybody for it unasked."""
    return sensing.get_freshness(FreshFor.PLAN, row.operation, at=at, by=system_actor()).stale_feeds


def _check(row: ShortageRow, moves: list[StaffMove]) -> None:
    if row.state != ShortageState.OPEN.value:
        raise Conflict(f"This shortage is {row.state}.", where=str(row.pk), todo="Open the shortage of a newer plan.")
    if not moves:
        raise Conflict(
            "No pool can lend anybody for it.",
            where=str(row.pk),
            todo="Open it with a cost of people from outside, or change the plan's terms or rosters.",
        )


def _said(row: ShortageRow, moves: list[StaffMove]) -> str:
    kept = f"Everyone is kept again from {row.recovery_on} on." if row.recovery_on else "It does not end all of it."
    return f"{' '.join(f'{_move(move)}.' for move in moves)} {kept}"


def _move(move: StaffMove) -> str:
    whence = f"from {move.from_pool}" if move.from_pool else "from outside"
    return f"{move.units} {whence} to {move.to_pool}, {move.from_on} until {move.until_on}"


def _day(day: object) -> str:
    return str(day) if day else "not within the plan"


def _effects(row: ShortageRow) -> list[Effect]:
    """Who gains by it, in credits and worth of hours, also out of the proposer's sight: each reader sees its part."""
    gains: dict[str, tuple[Decimal, float]] = {}
    for claim in list_short_claims(row, by=system_actor()):
        if claim.account_number:
            amount, hours = gains.get(claim.account_number, (Decimal(0), 0.0))
            won = claim.short_hours - claim.short_hours_after
            share = Decimal(repr(round(won / claim.short_hours, 6)))
            gains[claim.account_number] = (amount + (claim.shortfall_cost or Decimal(0)) * share, hours + won)
    return [
        Effect(account, amount.quantize(Decimal("0.01")), f"It gets {hours:,.1f} hours more than without.")
        for account, (amount, hours) in sorted(gains.items())
    ]
