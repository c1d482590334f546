"""Put a change before the decision table: settle it at once where a row allows, else leave it to people."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import digest
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.kernel.output import plain
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute import judge
from closeknit.rooms.decisions.contracts import DecisionApproved, DecisionTable, Effect, Entry, Judgement, Question
from closeknit.rooms.decisions.models import PolicyRow, Proposal
from closeknit.rooms.decisions.reads import timing
from closeknit.rooms.decisions.reads.policy import answer_within_hours, limits_here, table_in_force
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

PERMISSION_OF = {"plan": Permission.RUN_PLAN, "merge": Permission.LOAD_DATA}
POLICY_KEY = "policy"


@dataclass(frozen=True, slots=True)
class _Draft:
    """A proposal as it was judged, before it is written."""

    row: Proposal
    question: Question
    judgement: Judgement
    effects: tuple[Effect, ...]
    table: DecisionTable


def propose_change(
    *,
    kind: str,
    subject: str,
    title: str,
    summary: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    effects: Iterable[Effect],
    tier: str,
    money_at_stake: Decimal | None,
    currency: str,
    facts: Mapping[str, Any],
    account_number: str,
    thread_id: UUID,
    expires_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> UUID:
    """Record a proposal and what the decision table says of it; return its id.

    It commits with the caller's change. What waits for people is escalated until it is decided. Deadlines run on the
    database's clock. The same change, asked again while it waits, is the same proposal.

    Args:
        kind: which part of the decision table judges it, and who listens when it is decided.
        subject: what would be changed, such as "account:ACME". One proposal of a kind about it waits at a time.
        before, after: what stands now and what would stand, by name, shown side by side.
        effects: which accounts gain and lose.
        facts: what the rules of the kind look at, by name.
        account_number: whose proposal it is; "" where it concerns no single account.
        expires_at: when it lapses, where the table's own time is too long.

    Raises:
        Denied: without the right to propose over that account, or over all where it concerns none.
        NotFound: for an account that the actor may not see.
        Invalid: for a kind that no table covers.
        Conflict: when another change of the same subject waits.
    """
    permission = PERMISSION_OF.get(kind, Permission.PROPOSE)
    _check_right(permission, account_number, by)
    _check_words(title, subject, currency, money_at_stake)
    table = table_in_force()
    limits = limits_here(table.kinds.get(kind), tier=tier, account_number=account_number, at=at, by=by)
    question = Question(kind, tier or "none", money_at_stake, currency, plain(dict(facts)), plain(limits))
    judgement = judge(table, question)
    affected = tuple(effects)
    hat = by.hat_for(permission, org.place_of(account_number) if account_number else None)
    row = Proposal(
        id=ids.new_id(),
        thread_id=thread_id,
        kind=kind,
        subject=subject,
        title=title.strip(),
        summary=summary.strip(),
        account_number=account_number,
        tier=question.tier,
        before=plain(list(before.items())),
        after=plain(list(after.items())),
        effects=plain(list(affected)),
        money_at_stake=money_at_stake,
        currency=currency,
        question=plain(question),
        policy_version=table.version,
        policy_row=judgement.row,
        verdicts=plain(list(judgement.verdicts)),
        roles=list(judgement.outcome.roles),
        approvals=max(judgement.outcome.approvals, 1),
        escalation=judgement.outcome.escalation,
        proposed_by_key=by.key,
        proposed_by_name=by.name,
        proposed_for_key=hat.lender_key if hat else "",
        proposed_for_name=hat.lender_name if hat else "",
        proposed_at=at,
    )
    return _store(_Draft(row, question, judgement, affected, table), expires_at, by, at)


def _check_right(permission: Permission, account_number: str, by: Actor) -> None:
    by.require(permission)
    if not account_number:
        if not by.scope_of(permission).every_account:
            raise Invalid(
                "This concerns more than the accounts you look after.",
                where="account_number",
                todo="Name one account, or ask someone who answers for all of them.",
            )
    elif not org.list_visible([account_number], permission=permission, by=by):
        raise NotFound("There is no such account.", where=account_number)


def _check_words(title: str, subject: str, currency: str, money: Decimal | None) -> None:
    if not title.strip() or len(title) > 200 or not subject or len(subject) > 120:
        raise Invalid("A proposal needs a title of at most 200 characters.", where="title", todo="Say it in a line.")
    if money is not None and (not money.is_finite() or len(currency) != 3):
        raise Invalid("Money at stake needs an amount and a currency.", where="currency", todo="Such as 500 and EUR.")


def _store(draft: _Draft, expires_at: datetime | None, by: Actor, at: datetime) -> UUID:
    standing = _standing(draft.row)
    if standing is not None:
        return standing
    try:
        with transaction.atomic():
            _set_deadlines(draft, expires_at, by, at)
            draft.row.save(force_insert=True)
            _keep_table(draft.table)
            _record(draft, by)
            if draft.judgement.automatic:
                _approve(draft.row, draft.judgement, by, at)
            else:
                _ask(draft.row, by, at)
    except IntegrityError:
        # Another transaction proposed about the same subject since we looked: then that one stands.
        standing = _standing(draft.row)
        if standing is None:
            raise
        return standing
    return draft.row.pk


def _standing(row: Proposal) -> UUID | None:
    """Return the proposal about the same subject that this one would repeat; refuse where it says something else."""
    others = Proposal.objects.filter(kind=row.kind, subject=row.subject)
    other = (others if row.kind == "plan" else others.filter(state=Proposal.State.WAITING)).first()
    if other is None or row.kind == "plan" or _same(other, row):
        return other.pk if other else None
    raise Conflict(
        f"A proposal about this waits already: {other.title}.",
        where=row.subject,
        todo="Wait for its answer, or have it withdrawn first.",
    )


def _same(one: Proposal, other: Proposal) -> bool:
    return (dict(one.before), dict(one.after)) == (dict(other.before), dict(other.after))


def _set_deadlines(draft: _Draft, expires_at: datetime | None, by: Actor, at: datetime) -> None:
    row, outcome = draft.row, draft.judgement.outcome
    if outcome.settles:
        row.due_at = at
        return
    now = timing.database_now()
    place = {"tier": row.tier, "account_number": row.account_number}
    hours = answer_within_hours(row.kind, outcome.answer_within_hours, **place, at=at, by=by)
    lapses = now + timedelta(hours=max(outcome.expires_after_hours, hours))
    row.expires_at = min(lapses, expires_at) if expires_at else lapses
    row.due_at = min(now + timedelta(hours=hours), row.expires_at)
    if row.expires_at <= now:
        raise Invalid("It would have expired already.", where="expires_at", todo="Give it time to be answered.")


def _keep_table(table: DecisionTable) -> None:
    # A shipped table may change with the product: the words that routed this proposal are kept.
    PolicyRow.objects.bulk_create(
        [
            PolicyRow(
                version=table.version,
                digest=table.digest,
                text=table.text,
                is_shipped=True,
                adopted_by_key="closeknit",
                adopted_by_name="Closeknit",
                reason="As shipped.",
            )
        ],
        ignore_conflicts=True,
    )


def _record(draft: _Draft, by: Actor) -> None:
    row, judgement = draft.row, draft.judgement
    route = "policy may settle it" if judgement.automatic else _waits_for(row)
    # Effects on other accounts stay out of a line that this account's people may read.
    told = [e for e in draft.effects if not row.account_number or e.account_number == row.account_number]
    behalf = f" for {row.proposed_for_name}" if row.proposed_for_key else ""
    entry = Entry(
        thread_id=row.thread_id,
        kind=f"{row.kind}.proposed",
        subject=row.subject,
        sentence=f"{{actor}}{behalf} proposed: {row.title}; {route}.",
        account_number=row.account_number,
        evidence={
            "proposal_id": row.pk,
            "summary": row.summary,
            "before": dict(row.before),
            "after": dict(row.after),
            "effects": [plain(e) for e in told],
            "effects_sha256": digest(row.effects),
            "question": plain(draft.question),
            "judgement": asdict(judgement),
            "policy_sha256": draft.table.digest,
            "on_behalf_of": row.proposed_for_key,
        },
    )
    record_entry(entry, by=by)


def _waits_for(row: Proposal) -> str:
    roles = " or ".join(role.replace("-", " ") for role in row.roles)
    return f"two people must decide ({roles})" if row.approvals == 2 else f"a person must decide ({roles})"


def _ask(row: Proposal, by: Actor, at: datetime) -> None:
    raise_escalation(
        path=row.escalation,
        cause=f"proposal:{row.pk}",
        title=f"To decide: {row.title}"[:200],
        summary=row.summary,
        account_number=row.account_number,
        thread_id=row.thread_id,
        by=by,
        at=at,
    )


def _approve(row: Proposal, judgement: Judgement, by: Actor, at: datetime) -> None:
    row.state, row.decided_at = Proposal.State.APPROVED, at
    row.decided_by_key, row.decided_by_name = POLICY_KEY, f"Policy {judgement.policy_version}"
    row.reason = "Every rule of the policy holds."
    row.save(update_fields=["state", "decided_at", "decided_by_key", "decided_by_name", "reason"])
    entry = Entry(
        thread_id=row.thread_id,
        kind=f"{row.kind}.approved",
        subject=row.subject,
        sentence=f"Policy {judgement.policy_version} approved: {row.title}.",
        account_number=row.account_number,
        evidence={"proposal_id": row.pk, "judgement": asdict(judgement), "automatic": True},
    )
    record_entry(entry, by=by)
    publish(DecisionApproved(row.thread_id, row.pk, row.kind, row.subject), by=by)
