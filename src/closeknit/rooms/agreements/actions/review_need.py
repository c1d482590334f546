"""Review a need on its date: does its parameter still say what the account needs?"""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.rooms.agreements.actions.state_need import need_to_change, record_step
from closeknit.rooms.agreements.contracts.needs import NeedState, check_review, said
from closeknit.rooms.org.contracts import Permission


def review_need(need_id: UUID, *, finding: str, review_on: date, by: Actor, at: datetime) -> None:
    """Note what a review found, and when the next one is due. A finding changes no parameter by itself.

    Raises:
        NotFound: for a need of an account out of sight.
        Invalid: without a finding, or for a day that is not ahead.
        Conflict: for a need that has no parameter yet, or was dropped.
    """
    by.require(Permission.PROPOSE)
    with transaction.atomic():
        row = need_to_change(need_id, by=by)
        found = said(finding, "finding", 500, "Say what the review found.")
        check_review(review_on, at)
        if row.state in (NeedState.STATED.value, NeedState.DROPPED.value):
            raise Conflict(f"This need is {row.state}.", where="state", todo="Only what is measurable is reviewed.")
        was_due = row.review_on
        row.finding, row.review_on, row.moved_at = found, review_on, at
        row.save(update_fields=["finding", "review_on", "moved_at"])
        sentence = f"{{actor}} reviewed a need of {row.account_number}; the next review is due on {review_on}."
        evidence = {"finding": found, "was_due": was_due, "review_on": review_on}
        record_step(row, "need.reviewed", sentence, evidence, by=by)
