"""Proposals, as people read them, and who may answer them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Q, QuerySet, Value, When

from closeknit.kernel.actor import Actor, Place
from closeknit.kernel.errors import Denied, NotFound
from closeknit.kernel.names import account_names
from closeknit.rooms.decisions.contracts import ProposalCard, ProposalState, Proposed, RuleVerdict
from closeknit.rooms.decisions.models import Proposal
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

READABLE_BY = (Permission.READ_DECISIONS, Permission.DECIDE, Permission.READ_LEDGER)
"""Each over its own accounts. What concerns no account is for who decides or reads the ledger over all of them."""
WAITING_FIRST = Case(When(state=Proposal.State.WAITING, then=Value(0)), default=Value(1))
ABOUT_ALL = (Permission.DECIDE, Permission.READ_LEDGER)
PROPOSES_BY = (Permission.PROPOSE, Permission.LOAD_DATA)
"""Who may propose (a steward: merges) sees what it proposed itself, of accounts that it may read."""


def list_proposals(
    *,
    by: Actor,
    states: Iterable[ProposalState] = (),
    kind: str = "",
    account_number: str = "",
    limit: int = 50,
) -> list[ProposalCard]:
    """Return proposals that the actor may see: those that wait first, the most urgent on top."""
    rows = visible_proposals(by).order_by(WAITING_FIRST, "due_at", "id")
    wanted = [state.value for state in states]
    if wanted:
        rows = rows.filter(state__in=wanted)
    if kind:
        rows = rows.filter(kind=kind)
    if account_number:
        rows = rows.filter(account_number__in=account_names(account_number))
    return cards_of(list(rows[:limit]), by)


def get_proposal(proposal_id: UUID, *, by: Actor) -> ProposalCard:
    """Return one proposal, or raise NotFound where there is none that the actor may see."""
    return cards_of([find_row(proposal_id, by)], by)[0]


def find_proposal_about(subject: str, *, by: Actor) -> ProposalCard | None:
    """Return the latest proposal about a subject such as "plan:<id>", or None."""
    rows = visible_proposals(by).filter(subject=subject).order_by("-proposed_at", "-id")[:1]
    return next(iter(cards_of(list(rows), by)), None)


def get_proposed(proposal_id: UUID, *, by: Actor) -> Proposed:
    """Return what a proposal was to change, for whoever carries it out."""
    row = find_row(proposal_id, by)
    return Proposed(
        row.pk,
        row.thread_id,
        row.kind,
        row.subject,
        row.account_number,
        ProposalState(row.state),
        dict(row.before),
        dict(row.after),
        row.decided_by_key,
        row.decided_by_name,
        row.reason,
    )


def states_of(proposal_ids: Collection[UUID], *, by: Actor) -> dict[UUID, ProposalState]:
    """Return what became of proposals that the actor may see, by one query."""
    visible = visible_proposals(by)
    rows = visible.filter(pk__in=proposal_ids).values_list("pk", "state") if proposal_ids else ()
    return {pk: ProposalState(state) for pk, state in rows}


def visible_proposals(by: Actor) -> "QuerySet[Proposal]":
    """Return the rows that the actor may see. Refuses who may see none."""
    held = [permission for permission in READABLE_BY if by.may(permission)]
    proposes = any(by.may(permission) for permission in PROPOSES_BY)
    if not held and not proposes:
        raise Denied(
            f"{by.name} may not read proposals.",
            where=f"permission {Permission.READ_DECISIONS}",
            todo="Ask an administrator for a role that includes it.",
        )
    if any(by.scope_of(permission).every_account for permission in ABOUT_ALL):
        return Proposal.objects.all()
    condition = _own(by) if proposes else Q(pk__in=[])
    for permission in held:
        if by.scope_of(permission).every_account:
            condition |= ~Q(account_number="")
        else:
            condition |= Q(account_number__in=org.visible_account_numbers(by, permission))
    return Proposal.objects.filter(condition)


def _own(by: Actor) -> Q:
    own = Q(proposed_by_key=by.key) | Q(proposed_for_key=by.key)
    if by.scope_of(Permission.READ_ACCOUNTS).every_account:
        return own
    seen = org.visible_account_numbers(by, Permission.READ_ACCOUNTS)
    return own & (Q(account_number="") | Q(account_number__in=seen))


def find_row(proposal_id: UUID, by: Actor) -> Proposal:
    """Return a proposal's row, or raise NotFound where there is none that the actor may see."""
    row = visible_proposals(by).filter(pk=proposal_id).first()
    if row is None:
        raise NotFound("There is no such proposal.", where=str(proposal_id))
    return row


def cards_of(rows: list[Proposal], by: Actor) -> list[ProposalCard]:
    """Return the cards of some rows, with money where the actor may see it."""
    money = by.scope_of(Permission.READ_MONEY)
    places: Mapping[str, Place] = {}
    if not money.every_account:
        places = org.places_of({row.account_number for row in rows if row.account_number})
    return [_card(row, money.covers(places.get(row.account_number, Place(row.account_number)))) for row in rows]


def is_overdue(card: ProposalCard, at: datetime) -> bool:
    """Tell whether an answer is late."""
    return card.state is ProposalState.WAITING and card.due_at < at


def _card(row: Proposal, shows_money: bool) -> ProposalCard:
    return ProposalCard(
        proposal_id=row.pk,
        thread_id=row.thread_id,
        kind=row.kind,
        subject=row.subject,
        title=row.title,
        summary=row.summary,
        account_number=row.account_number,
        tier=row.tier,
        state=ProposalState(row.state),
        proposed_by=row.proposed_by_name,
        proposed_by_key=row.proposed_by_key,
        proposed_for=row.proposed_for_name,
        proposed_at=row.proposed_at,
        due_at=row.due_at,
        expires_at=row.expires_at,
        money_at_stake=row.money_at_stake if shows_money else None,
        currency=row.currency,
        policy_version=row.policy_version,
        policy_row=row.policy_row,
        verdicts=tuple(RuleVerdict(**verdict) for verdict in row.verdicts),
        roles=tuple(row.roles),
        approvals=row.approvals,
        decided_by=row.decided_by_name,
        decided_by_key=row.decided_by_key,
        decided_at=row.decided_at,
        reason=row.reason,
    )
