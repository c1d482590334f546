"""Propose another tier for an account: policy settles small promotions, people decide the rest."""

from datetime import datetime
from uuid import UUID

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.contracts import TIER_ORDER, TOP_TIERS, Tier
from closeknit.rooms.customers.reads.stale import count_stale_feeds
from closeknit.rooms.decisions.actions.propose_change import propose_change
from closeknit.rooms.decisions.contracts import Effect
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.actions.decide_with import deciding
from closeknit.rooms.privacy.contracts import TIERING
from closeknit.rooms.privacy.contracts import account as subject


def propose_tier_change(account_number: str, tier: Tier, *, reason: str, by: Actor, at: datetime) -> UUID:
    """Put another tier before the decision table; return the proposal's id. Nothing changes before it is approved.

    Raises:
        NotFound: for an account that the actor may not see, or not propose about.
        Invalid: without a reason.
        Conflict: when the account has that tier already, another change of its tier waits, or it opted out of tiering.
    """
    by.require(Permission.PROPOSE)
    account = reads.get_account(account_number, by=by)
    if not reason.strip():
        raise Invalid("A change of tier needs a reason.", where="reason", todo="Say why, in a sentence.")
    if account.tier is tier:
        raise Conflict(f"{account.name} is {tier} already.", where=account_number, todo="Choose another tier.")
    steps = TIER_ORDER.index(tier) - TIER_ORDER.index(account.tier)
    way = "further away" if steps > 0 else "closer"
    with deciding(subject(account_number), TIERING, decision="a change of tier", by=by, at=at):
        return propose_change(
            kind="tier",
            subject=f"account:{account_number}"[:120],
            title=f"Move {account.name} from {account.tier} to {tier}"[:200],
            summary=f"{account.name} would be {way}. {reason.strip()}",
            before={"tier": account.tier.value, "why": account.tier_reason or ""},
            after={"tier": tier.value, "why": reason.strip()},
            effects=(Effect(account_number, None, _effect(account.tier, tier)),),
            # Judged by the closer of the two: what is entered or left counts alike.
            tier=TIER_ORDER[min(TIER_ORDER.index(tier), TIER_ORDER.index(account.tier))].value,
            money_at_stake=None,
            currency="",
            facts={
                "from": account.tier.value,
                "to": tier.value,
                "steps": abs(steps),
                "is_demotion": steps > 0,
                "touches_top_tier": tier in TOP_TIERS or account.tier in TOP_TIERS,
                "stale_feeds": count_stale_feeds([account_number], by=by, at=at)[account_number],
            },
            account_number=account_number,
            thread_id=ids.new_id(),
            by=by,
            at=at,
        )


def _effect(before: Tier, after: Tier) -> str:
    return f"Its promises and its share of scarce hours are those of {after} accounts, no longer of {before} ones."
