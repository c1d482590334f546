"""Review a template on its date, or retire it: contracts that follow it stay as they are."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.agreements.actions.save_setup import record_setup_step, require_all, setup_to_change
from closeknit.rooms.agreements.contracts.needs import check_review, said
from closeknit.rooms.agreements.contracts.setups import SetupState


def review_setup(template_id: UUID, *, finding: str, review_on: date, by: Actor, at: datetime) -> None:
    """Note what a review of a template found, and when the next is due.

    Raises:
        Denied: unless the actor may propose for every account.
        Invalid: without a finding, or for a day that is not ahead.
        Conflict: for a template that is retired.
    """
    require_all(by=by)
    found = said(finding, "finding", 500, "Say what the review found.")
    check_review(review_on, at)
    with transaction.atomic():
        row = setup_to_change(template_id, by=by)
        row.finding, row.review_on = found, review_on
        row.save(update_fields=["finding", "review_on"])
        sentence = f"{{actor}} reviewed template {row.name}; the next review is due on {review_on}."
        record_setup_step(row, "setup.reviewed", sentence, {"finding": found, "review_on": review_on}, by=by)


def retire_setup(template_id: UUID, *, because: str, by: Actor, at: datetime) -> None:
    """Take a template out of use, and say why.

    Raises:
        Denied: unless the actor may propose for every account.
        Invalid: without a reason.
        Conflict: for a template that is retired already.
    """
    require_all(by=by)
    why = said(because, "because", 500, "Say why it is not to be used any more.")
    with transaction.atomic():
        row = setup_to_change(template_id, by=by)
        row.state, row.retired_because = SetupState.RETIRED.value, why
        row.save(update_fields=["state", "retired_because"])
        evidence = {"because": why, "retired_at": at}
        record_setup_step(row, "setup.retired", f"{{actor}} retired template {row.name}.", evidence, by=by)
