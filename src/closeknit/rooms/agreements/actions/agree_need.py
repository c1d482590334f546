"""Agree with the customer on what its need comes to: only then is it worth a clause."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.rooms.agreements.actions.state_need import need_to_change, record_step
from closeknit.rooms.agreements.contracts.needs import NeedState, said
from closeknit.rooms.agreements.reads.needs import parameter_of
from closeknit.rooms.org.contracts import Permission


def agree_need(need_id: UUID, *, agreed_with: str, by: Actor, at: datetime) -> None:
    """Note that a need's parameter was agreed, and with whom at the customer. It is no promise yet.

    Raises:
        NotFound: for a need of an account out of sight.
        Invalid: without saying with whom.
        Conflict: for a need that is not measurable, or was agreed already.
    """
    by.require(Permission.PROPOSE)
    with transaction.atomic():
        row = need_to_change(need_id, by=by)
        whom = said(agreed_with, "agreed_with", 200, "Say with whom it was agreed.")
        parameter = parameter_of(row)
        if row.state != NeedState.MEASURABLE.value or parameter is None:
            raise Conflict(
                f"This need is {row.state}.", where="state", todo="Only what is measurable, and new, can be agreed."
            )
        row.state, row.agreed_with, row.moved_at = NeedState.AGREED.value, whom, at
        row.save(update_fields=["state", "agreed_with", "moved_at"])
        sentence = f"{{actor}} agreed what a need of {row.account_number} comes to: {parameter.sentence}."
        record_step(row, "need.agreed", sentence, {"agreed_with": whom}, by=by)
