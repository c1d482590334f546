"""Propose that two accounts are one: policy settles it below the top tiers, four eyes decide the rest."""

from datetime import datetime
from uuid import UUID

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.contracts import TIER_ORDER, TOP_TIERS, AccountCard
from closeknit.rooms.customers.models import Account
from closeknit.rooms.decisions.actions.propose_change import propose_change
from closeknit.rooms.decisions.contracts import Effect
from closeknit.rooms.org.contracts import Permission


def merge_accounts(kept_number: str, absorbed_number: str, *, reason: str, by: Actor, at: datetime) -> UUID | None:
    """Propose to make one account of two; return the proposal's id, or None where they are one already.

    Nothing is rewritten: once approved, the absorbed number is another name of the kept one, its records are that's,
    and what both brought adds up. A merge can be split again.

    Raises:
        NotFound: for an account that the actor may not see.
        Invalid: without a reason.
        Conflict: for an account and itself, one that was merged into a third, or the other way round (a circle).
    """
    by.require(Permission.LOAD_DATA)
    kept = reads.get_account(kept_number, by=by, permission=Permission.LOAD_DATA)
    absorbed = reads.get_account(absorbed_number, by=by, permission=Permission.LOAD_DATA)
    if not reason.strip():
        raise Invalid("A merge needs a reason.", where="reason", todo="Say how you know that the two are one.")
    if kept_number == absorbed_number:
        raise Conflict("This is one account already.", where=kept_number, todo="Name two accounts.")
    if kept.account_number != kept_number:
        raise Conflict(
            f"{kept_number} is another name of {kept.account_number}.",
            where=kept_number,
            todo=f"Merge into {kept.account_number}; into its own other name would go round in a circle.",
        )
    if absorbed.account_number == kept_number:
        return None
    if absorbed.account_number != absorbed_number:
        raise Conflict(
            f"{absorbed_number} was merged into {absorbed.account_number} already.",
            where=absorbed_number,
            todo=f"Split it first, or merge {absorbed.account_number}.",
        )
    return _propose(kept, absorbed, reason.strip(), by, at)


def _propose(kept: AccountCard, absorbed: AccountCard, reason: str, by: Actor, at: datetime) -> UUID:
    closer = TIER_ORDER[min(TIER_ORDER.index(kept.tier), TIER_ORDER.index(absorbed.tier))]
    records = Account.objects.filter(merged_into=absorbed.account_number).count()
    return propose_change(
        kind="merge",
        subject=f"account:{absorbed.account_number}"[:120],
        title=f"Merge {absorbed.name} into {kept.name}"[:200],
        summary=f"{absorbed.account_number} would be another name of {kept.account_number}. {reason}",
        before={"kept": kept.account_number, "absorbed": absorbed.account_number, "why": ""},
        after={"kept": kept.account_number, "absorbed": absorbed.account_number, "why": reason},
        effects=(
            Effect(kept.account_number, None, f"What {absorbed.account_number} brings counts as its own."),
            Effect(absorbed.account_number, None, f"Its tier and promises are those of {kept.account_number}."),
        ),
        tier=closer.value,
        money_at_stake=None,
        currency="",
        facts={"touches_top_tier": closer in TOP_TIERS, "earlier_names": records},
        account_number=kept.account_number,
        thread_id=ids.new_id(),
        by=by,
        at=at,
    )
