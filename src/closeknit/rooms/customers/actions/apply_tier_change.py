"""Carry out a change of tier that was approved."""

from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.kernel.events import publish
from closeknit.rooms.customers.contracts import Tier, TierChanged
from closeknit.rooms.customers.models import Account
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry, ProposalState, Proposed
from closeknit.rooms.decisions.reads.timing import database_now
from closeknit.rooms.org import reads as org
from closeknit.rooms.privacy.actions.decide_with import NotWanted, deciding
from closeknit.rooms.privacy.contracts import TIERING, Use
from closeknit.rooms.privacy.contracts import account as subject

TIER_KINDS = ("tier", "scored-tier")
"""Proposals that this carries out: by people, and by the weekly table of tiers."""


def apply_tier_change(proposal_id: UUID, *, by: Actor) -> None:
    """Give the account the tier that was approved. Done already: nothing happens.

    Called by the wiring after an approval, as whoever approved it. The decision is what allows it, so no permission is
    asked again; what nobody approved is refused, and so is what the account no longer allows.
    """
    # Asked as the system: whoever approved may have borrowed the right, and given it back.
    proposed = decisions.get_proposed(proposal_id, by=org.system_actor())
    if proposed.kind not in TIER_KINDS or proposed.state is not ProposalState.APPROVED:
        raise Conflict(
            "Nobody approved this change of tier.", where=str(proposal_id), todo="Decide its proposal first."
        )
    whom = subject(proposed.account_number)
    try:
        with deciding(whom, TIERING, decision="a change of tier", by=by, at=database_now()) as use:
            _apply(proposed, use, by)
    except NotWanted:
        # It opted out since: the guard has recorded and escalated it, and the account keeps the tier it has.
        return


def _apply(proposed: Proposed, use: Use, by: Actor) -> None:
    tier = Tier(proposed.after["tier"])
    account = Account.objects.select_for_update().filter(account_number=proposed.account_number).first()
    if account is None:
        raise Conflict("The account is gone.", where=proposed.account_number)
    if account.tier_decision == proposed.proposal_id:
        return
    before = account.tier
    account.tier, account.tier_decision = tier.value, proposed.proposal_id
    account.tier_reason = f"Decided by {proposed.decided_by}: {proposed.after['why']}"
    account.save(update_fields=["tier", "tier_reason", "tier_decision"])
    record_entry(_entry(account, before, proposed, use), by=by)
    publish(TierChanged(proposed.thread_id, account.account_number, before, tier.value), by=by)


def _entry(account: Account, before: str, proposed: Proposed, use: Use) -> Entry:
    return Entry(
        thread_id=proposed.thread_id,
        kind="account.tier-changed",
        subject=f"account:{account.account_number}"[:120],
        sentence=f"{account.name} moved from {before} to {account.tier}. {account.tier_reason}",
        account_number=account.account_number,
        evidence={
            "before": before,
            "after": account.tier,
            "proposal_id": proposed.proposal_id,
            "use": use.as_evidence(),
        },
    )
