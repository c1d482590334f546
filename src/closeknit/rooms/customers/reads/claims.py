"""Which claim counts, what is disputed, and what was decided on what turned out wrong."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.customers.compute.golden import golden_sources
from closeknit.rooms.customers.contracts import (
    NO_STEWARD,
    PERSONAL_FIELDS,
    STANDING_FACTS,
    DisputeCard,
    DisputeState,
    RecordStatement,
    TouchedDecision,
)
from closeknit.rooms.customers.models import Dispute
from closeknit.rooms.customers.reads.accounts import get_account
from closeknit.rooms.customers.reads.records import IN_FORCE, get_survivorship, names_of, statements_of
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.contracts import LedgerLine
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact, visible_account_numbers

DECISION_KINDS = (
    *(
        "proposal.",
        "plan.",
        "forecast.",
        "exception.",
        "tier.",
        "scored-tier.",
        "account.tier",
        "account.deprioritised",
    ),
    *("accounts.merged", "merge.", "renegotiation.", "contract.", "quote.", "term.", "score."),
)
"""How the kinds of ledger lines about an account begin that tell of a decision."""
MOST_TOUCHED = 500


def statements_in_force(account_number: str, *, by: Actor) -> list[RecordStatement]:
    """Return what the records of an account state now."""
    return statements_of([account_number], by=by, at=IN_FORCE)[account_number]


def claim_that_counts(account_number: str, field: str, *, by: Actor, at: datetime) -> RecordStatement | None:
    """Return whose word counts for a field at an instant; None where nobody states it."""
    rules = get_survivorship(by=by, at=at)
    found = golden_sources(statements_of([account_number], by=by, at=at)[account_number], rules).get(field)
    return found if found is not None and found.fields.get(field) else None


def group_of(account_number: str, field: str, *, by: Actor) -> dict[str, str]:
    """Return the values that count now of a field and of all that survive together with it; "" where nobody says."""
    rules = get_survivorship(by=by, at=IN_FORCE)
    names = next((group.fields for group in rules.groups if field in group.fields), (field,))
    sources = golden_sources(statements_in_force(account_number, by=by), rules)
    return {name: sources[name].fields.get(name, "") if name in sources else "" for name in names}


def list_disputes(
    *, by: Actor, at: datetime, account_number: str = "", state: DisputeState | None = None, limit: int = 100
) -> list[DisputeCard]:
    """Return disputes of accounts that the actor may see: open ones first, by when they are due."""
    rows = _visible(by)
    if account_number:
        rows = rows.filter(account_number__in=names_of(get_account(account_number, by=by).account_number, by=by))
    if state is not None:
        rows = rows.filter(state=state.value)
    found = list(rows.order_by("answered_at", "due_at")[:limit] if state else _open_first(rows, limit))
    return redact((_card(row, at) for row in found), by=by)


def get_dispute(dispute_id: UUID, *, by: Actor, at: datetime) -> DisputeCard:
    """Return one dispute, or raise NotFound where there is none of an account that the actor may see."""
    row = _visible(by).filter(pk=dispute_id).first()
    if row is None:
        raise NotFound("There is no such dispute.", where=str(dispute_id))
    return redact([_card(row, at)], by=by)[0]


def find_steward_key(dispute_id: UUID, *, by: Actor) -> str:
    """Return the key of who answers a dispute; "" where nobody is appointed."""
    row = _visible(by).filter(pk=dispute_id).first()
    return row.steward_key if row else ""


def list_touched_decisions(dispute_id: UUID, *, by: Actor, limit: int = 50) -> list[TouchedDecision]:
    """Return decisions about the account from when the disputed value was learned until it was answered.

    Those whose evidence names the field come first; of the others the ledger does not say whether they used it.
    """
    row = _visible(by).filter(pk=dispute_id).first()
    if row is None:
        raise NotFound("There is no such dispute.", where=str(dispute_id))
    if not by.may(Permission.READ_DECISIONS):
        return []
    found = [
        TouchedDecision(
            account_number=row.account_number,
            entry_id=line.entry_id,
            thread_id=line.thread_id,
            kind=line.kind,
            sentence=line.sentence,
            at=line.recorded_at,
            names_field=row.field in str(line.evidence),
        )
        for line in lines_meanwhile(row, by=by)
    ]
    return redact(sorted(found, key=lambda each: not each.names_field)[:limit], by=by)


def lines_meanwhile(row: Dispute, *, by: Actor) -> list[LedgerLine]:
    """Return the ledger's lines of decisions about the account, newest first, while the disputed value counted.

    Since when a fact counted that no record states is not known: all until the answer count.
    """
    since_at = None if row.field in STANDING_FACTS else row.learned_at or row.reported_at
    lines = decisions.list_entries(
        by=by, account_number=row.account_number, since_at=since_at, until_at=row.answered_at, limit=MOST_TOUCHED
    )
    return [line for line in lines if line.kind.startswith(DECISION_KINDS)]


def _open_first(rows: QuerySet[Dispute], limit: int) -> list[Dispute]:
    waiting = list(rows.filter(state="open").order_by("due_at")[:limit])
    return waiting + list(rows.exclude(state="open").order_by("-answered_at")[: limit - len(waiting)])


def _visible(by: Actor) -> QuerySet[Dispute]:
    by.require(Permission.READ_ACCOUNTS)
    rows = Dispute.objects.all()
    if by.scope_of(Permission.READ_ACCOUNTS).every_account:
        return rows
    return rows.filter(account_number__in=visible_account_numbers(by, Permission.READ_ACCOUNTS))


def _card(row: Dispute, at: datetime) -> DisputeCard:
    words = {"value": row.value, "suggested": row.suggested, "corrected": row.corrected}
    is_personal = row.field in PERSONAL_FIELDS
    shown = {name: None if is_personal else word for name, word in words.items()}
    hidden = {f"personal_{name}": word if is_personal else None for name, word in words.items()}
    return DisputeCard(
        dispute_id=row.pk,
        thread_id=row.thread_id,
        account_number=row.account_number,
        field=row.field,
        **shown,
        **hidden,
        text=row.text,
        system=row.system,
        reported_by=row.reported_by_name,
        reported_at=row.reported_at,
        assigned_to=row.steward_name or NO_STEWARD,
        due_at=row.due_at,
        state=DisputeState(row.state),
        answered_by=row.answered_by_name,
        answered_at=row.answered_at,
        answer=row.answer,
        is_overdue=row.state == "open" and row.due_at <= at,
        is_personal=is_personal,
    )
