"""Who may answer a proposal, under which hat, and what one proposal looks like to a reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from closeknit.kernel.actor import Actor, Place, Scope
from closeknit.kernel.errors import NotFound
from closeknit.rooms.decisions.compute.deciding import Chair, Given, Seat, find_seat
from closeknit.rooms.decisions.compute.effects import show_effects
from closeknit.rooms.decisions.contracts import (
    AnswerCard,
    Change,
    DeciderCard,
    Effect,
    ProposalCard,
    ProposalDetail,
    ShownEffects,
)
from closeknit.rooms.decisions.models import Proposal, ProposalAnswer
from closeknit.rooms.decisions.reads.policy import table_of
from closeknit.rooms.decisions.reads.proposals import cards_of, find_row, visible_proposals
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import PERMISSIONS_OF, Permission, Role

MOST_WAITING = 500


@dataclass(frozen=True, slots=True)
class _Hat:
    """A hat with the right to decide: whose it is, over which accounts, with which roles."""

    key: str
    name: str
    scope: Scope
    roles: tuple[str, ...]


def get_proposal_detail(proposal_id: UUID, *, by: Actor, at: datetime) -> ProposalDetail:
    """Return a proposal with all that a decision needs, or raise NotFound where the actor may see none."""
    row = find_row(proposal_id, by)
    answers = list(ProposalAnswer.objects.filter(proposal=row).order_by("pk"))
    seat = _seat(row, hats_of(by), org.place_of(row.account_number), by, answers)
    waits = row.state == Proposal.State.WAITING
    return ProposalDetail(
        card=cards_of([row], by)[0],
        changes=_changes(row),
        effects=_effects(row, by),
        row_sentence=_row_sentence(row),
        answers=tuple(_answer(answer) for answer in answers),
        deciders=list_deciders(row, answers, at) if waits else (),
        refusal=seat.refusal if waits else f"It is {row.state}.",
        acts_for=seat.chair.for_name if seat.chair else "",
        may_withdraw=waits and by.key in proposers_of(row),
    )


def list_to_decide(*, by: Actor, at: datetime, limit: int = MOST_WAITING) -> list[ProposalCard]:
    """Return the waiting proposals that the actor may answer now, by own or borrowed rights, most urgent first."""
    if not by.may(Permission.DECIDE):
        return []
    rows = list(visible_proposals(by).filter(state="waiting", expires_at__gt=at).order_by("due_at", "id")[:limit])
    rows += list(visible_proposals(by).filter(state="waiting", expires_at=None).order_by("due_at", "id")[:limit])
    hats, places = hats_of(by), org.places_of({row.account_number for row in rows if row.account_number})
    answers: dict[UUID, list[ProposalAnswer]] = {}
    for answer in ProposalAnswer.objects.filter(proposal__in=rows).order_by("pk"):
        answers.setdefault(answer.proposal_id, []).append(answer)
    mine = [
        row
        for row in rows
        if _seat(
            row, hats, places.get(row.account_number, Place(row.account_number)), by, answers.get(row.pk, [])
        ).chair
    ]
    return cards_of(mine, by)


def seat_for(row: Proposal, by: Actor, answers: Iterable[ProposalAnswer]) -> Seat:
    """Return where the actor may answer a proposal from, or why not."""
    return _seat(row, hats_of(by), org.place_of(row.account_number), by, list(answers))


def list_deciders(row: Proposal, answers: list[ProposalAnswer], at: datetime) -> tuple[DeciderCard, ...]:
    """Return who could answer a waiting proposal now, those who are not away first."""
    system = org.system_actor()
    away = org.list_absent(at=at, by=system)
    place = org.place_of(row.account_number)
    found = []
    for person in org.list_people_who(Permission.DECIDE, account_number=row.account_number, at=at, by=system):
        actor = _actor(person.key)
        seat = _seat(row, hats_of(actor), place, actor, answers) if actor else None
        if seat and seat.chair:
            found.append(DeciderCard(person.key, person.name, seat.role, seat.chair.for_name, person.key in away))
    return tuple(sorted(found, key=lambda card: (card.is_away, card.person)))


def hats_of(actor: Actor) -> list[_Hat]:
    """Return the hats under which an actor may decide, the own one first."""
    hats = []
    if Permission.DECIDE in actor.permissions:
        hats.append(_Hat("", "", actor.own_scope_of(Permission.DECIDE), _deciding(actor.roles)))
    for lent in actor.lent:
        if Permission.DECIDE in lent.permissions:
            lender = _actor(lent.lender_key)
            if lender:
                hats.append(_Hat(lent.lender_key, lent.lender_name, lent.scope, _deciding(lender.roles)))
    return hats


def proposers_of(row: Proposal) -> frozenset[str]:
    """Return who proposed, and for whom."""
    return frozenset({row.proposed_by_key, row.proposed_for_key} - {""})


def given_of(answers: Iterable[ProposalAnswer]) -> list[Given]:
    """Return answers as the rules look at them."""
    return [Given(answer.person_key, answer.for_key, answer.role, answer.approves) for answer in answers]


def _seat(row: Proposal, hats: list[_Hat], place: Place, by: Actor, answers: list[ProposalAnswer]) -> Seat:
    chairs = [Chair(by.key, by.name, hat.key, hat.name, hat.roles) for hat in hats if hat.scope.covers(place)] or [
        Chair(by.key, by.name, "", "", ())
    ]
    return find_seat(chairs, row.roles, proposers_of(row), given_of(answers))


def _actor(key: str) -> Actor | None:
    try:
        return org.get_actor(key)
    except NotFound:
        return None


def _deciding(roles: Iterable[str]) -> tuple[str, ...]:
    return tuple(role for role in roles if Permission.DECIDE in PERMISSIONS_OF[Role(role)])


def _changes(row: Proposal) -> tuple[Change, ...]:
    before, after = dict(row.before), dict(row.after)
    names = [*before, *(name for name in after if name not in before)]
    return tuple(Change(name, before.get(name), after.get(name)) for name in names)


def _effects(row: Proposal, by: Actor) -> ShownEffects:
    effects = [
        Effect(e["account_number"], None if e["amount"] is None else Decimal(e["amount"]), e["sentence"])
        for e in row.effects
    ]
    numbers = {e.account_number for e in effects}
    reads_money = by.may(Permission.READ_MONEY)
    visible = org.list_visible(numbers, permission=Permission.READ_MONEY, by=by) if reads_money else set()
    return show_effects(effects, visible)


def _row_sentence(row: Proposal) -> str:
    if not row.policy_version or row.policy_row is None:
        return ""
    kind = table_of(row.policy_version).kinds.get(row.kind)
    return next((r.sentence for r in kind.rows if r.number == row.policy_row), "") if kind else ""


def _answer(answer: ProposalAnswer) -> AnswerCard:
    return AnswerCard(
        answer.person_name,
        answer.person_key,
        answer.for_name,
        answer.role,
        answer.approves,
        answer.reason,
        answer.answered_at,
    )
