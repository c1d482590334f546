"""State what an account needs, in its own words: the first step from a wish to a promise that can be kept."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.agreements.contracts.needs import NeedState, WantedNeed, said
from closeknit.rooms.agreements.models import NeedRow
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

LONGEST_WORDS = 500
LONGEST_SOURCE = 200


def state_need(wanted: WantedNeed, *, by: Actor, at: datetime) -> UUID:
    """Record a need of an account with who says so and where it was heard; return the need's id. It promises nothing.

    Raises:
        Denied: unless the actor may propose.
        NotFound: for an account out of sight.
        Invalid: without words, or without saying where it was heard.
    """
    by.require(Permission.PROPOSE)
    number = customers.get_account(wanted.account_number, by=by, permission=Permission.PROPOSE).account_number
    words = said(wanted.words, "words", LONGEST_WORDS, "Say what they need, in their words.")
    heard = said(wanted.heard_in, "heard_in", LONGEST_SOURCE, "Say where it was heard, such as a review meeting.")
    with transaction.atomic():
        row = NeedRow.objects.create(
            id=ids.new_id(),
            thread_id=ids.new_id(),
            account_number=number,
            words=words,
            heard_in=heard,
            state=NeedState.STATED.value,
            stated_at=at,
            stated_by_key=by.key,
            stated_by_name=by.name,
            moved_at=at,
        )
        sentence = f"{{actor}} stated a need of {number}."
        record_step(row, "need.stated", sentence, {"words": words, "heard_in": heard}, by=by)
    return row.pk


def need_to_change(need_id: UUID, *, by: Actor) -> NeedRow:
    """Return a need, locked, whose account the actor may propose about; NotFound otherwise."""
    by.require(Permission.PROPOSE)
    row = NeedRow.objects.select_for_update().filter(pk=need_id).first()
    if row is None:
        raise NotFound("There is no such need.", where=str(need_id))
    customers.get_account(row.account_number, by=by, permission=Permission.PROPOSE)
    return row


def record_step(row: NeedRow, kind: str, sentence: str, evidence: Mapping[str, object], *, by: Actor) -> None:
    """Write the ledger line of one step of a need."""
    by.require(Permission.PROPOSE)
    entry = Entry(
        thread_id=row.thread_id,
        kind=kind,
        subject=f"need:{row.pk}",
        sentence=sentence,
        account_number=row.account_number,
        evidence={"need_id": row.pk, **evidence},
    )
    record_entry(entry, by=by)
