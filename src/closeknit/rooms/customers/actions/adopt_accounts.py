"""Take over accounts from what was observed: stated ones as stated, others named by their number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor, Place
from closeknit.kernel.events import publish
from closeknit.rooms.customers.compute import rank_tiers
from closeknit.rooms.customers.contracts import Tier, TierChanged
from closeknit.rooms.customers.models import Account
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.actions.ensure_teams import ensure_teams
from closeknit.rooms.org.actions.place_accounts import place_accounts
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import AccountRule, BatchCard, FactCard, FactKind, WorkTotal

_UPDATED = [
    "name",
    "tier",
    "tier_reason",
    "team",
    "region",
    "time_zone",
    "jurisdiction",
    "source_feed",
    "is_stated",
    "since_at",
]
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An account as it should be after this batch."""

    name: str
    tier: Tier
    tier_reason: str
    team: str
    region: str
    time_zone: str
    jurisdiction: str
    is_stated: bool
    since_at: datetime | None


def adopt_accounts(batch_id: int, *, thread_id: UUID, by: Actor) -> int:
    """Create or update the accounts of one batch; return how many changed.

    A stated tier is taken as stated. Where the source states none, the recipe's rule ranks every account of
    the feed by what it brought so far, so a tier can change with new data; each change of a tier is a ledger
    line of its own. A tier that was decided is left alone. Running it again changes nothing.
    """
    by.require(Permission.LOAD_DATA)
    batch = sensing.get_batch(batch_id, by=by)
    with transaction.atomic():
        wanted = _wanted(batch, by)
        team_ids = ensure_teams((w.team for w in wanted.values()), by=by)
        present = {a.account_number: a for a in Account.objects.select_for_update().order_by("pk").iterator(_CHUNK)}
        created, updated, moved = _differences(wanted, present, team_ids, batch.feed)
        Account.objects.bulk_create(created, batch_size=_CHUNK)
        Account.objects.bulk_update(updated, _UPDATED, batch_size=_CHUNK)
        standing = (a for a in (*created, *updated) if not a.merged_into)
        place_accounts((Place(a.account_number, a.team_id, a.region) for a in standing), by=by)
        _record(batch, thread_id, created, moved, by)
    return len(created) + len(updated)


def _wanted(batch: BatchCard, by: Actor) -> dict[str, _Wanted]:
    facts = {f.body["account_number"]: f for f in sensing.list_facts(FactKind.ACCOUNT, feed=batch.feed, by=by)}
    rule = sensing.get_account_rule(batch.feed, by=by)
    totals = sensing.account_totals(batch.feed, by=by)
    unstated = {number: total for number, total in totals.items() if _needs_rank(facts.get(number))}
    ranked = rank_tiers(unstated, rule) if rule else {}
    found: dict[str, _Wanted] = {}
    for number in sorted(set(facts) | set(totals)):
        fact, total = facts.get(number), totals.get(number)
        tier, reason = _tier(fact, ranked.get(number), batch.feed)
        found[number] = _from_fact(fact, tier, reason) if fact else _from_work(number, total, rule, tier, reason)
    return found


def _needs_rank(fact: FactCard | None) -> bool:
    return fact is None or not fact.body["tier"]


def _tier(fact: FactCard | None, ranked: tuple[Tier, str] | None, feed: str) -> tuple[Tier, str]:
    if fact and fact.body["tier"]:
        return Tier(fact.body["tier"]), f"Stated by {feed}, {fact.source_name} line {fact.line}."
    if ranked:
        return ranked
    return Tier.VOLUME, f"{feed} states no tier and its recipe has no rule for one."


def _from_fact(fact: FactCard, tier: Tier, reason: str) -> _Wanted:
    body = fact.body
    return _Wanted(
        name=body["name"] or body["account_number"],
        tier=tier,
        tier_reason=reason,
        team=body["team"],
        region=body["region"],
        time_zone=body["time_zone"],
        jurisdiction=body["jurisdiction"],
        is_stated=True,
        since_at=_midnight(body["opened_on"]),
    )


def _from_work(number: str, total: WorkTotal | None, rule: AccountRule | None, tier: Tier, reason: str) -> _Wanted:
    return _Wanted(
        name=number,
        tier=tier,
        tier_reason=reason,
        team=rule.team if rule else "",
        region=rule.region if rule else "",
        time_zone=rule.time_zone if rule else "",
        jurisdiction=rule.jurisdiction if rule else "",
        is_stated=False,
        since_at=total.first_at if total else None,
    )


def _midnight(day: str) -> datetime | None:
    return datetime.combine(date.fromisoformat(day), time(), UTC) if day else None


def _differences(
    wanted: dict[str, _Wanted], present: dict[str, Account], team_ids: dict[str, int], feed: str
) -> tuple[list[Account], list[Account], list[tuple[Account, str]]]:
    created, updated, moved = [], [], []
    for number, w in wanted.items():
        account = present.get(number)
        values: dict[str, Any] = {
            **{name: getattr(w, name) for name in _Wanted.__slots__ if name != "team"},
            "team_id": team_ids.get(w.team),
            "source_feed": feed,
        }
        if account is not None and account.tier_decision:
            # A tier that was decided stands until it is decided anew.
            values |= {"tier": account.tier, "tier_reason": account.tier_reason}
        if account is not None:
            # What the golden view chose against this feed's word stands until the claims are others.
            values |= {name: getattr(account, name) for name in account.golden_fields}
        if account is None:
            created.append(Account(account_number=number, **values))
        elif not _keeps(account, w, feed) and any(getattr(account, name) != v for name, v in values.items()):
            tier_before = account.tier
            for name, value in values.items():
                setattr(account, name, value)
            updated.append(account)
            if tier_before != account.tier:
                moved.append((account, tier_before))
    return created, updated, moved


def _keeps(account: Account, wanted: _Wanted, feed: str) -> bool:
    """Another feed's account stands unless this feed states what the other only mentions."""
    return account.source_feed != feed and (account.is_stated or not wanted.is_stated)


def _record(
    batch: BatchCard, thread_id: UUID, created: list[Account], moved: Iterable[tuple[Account, str]], by: Actor
) -> None:
    if created:
        tiers = {tier.value: sum(a.tier == tier for a in created) for tier in Tier}
        parts = ", ".join(f"{count} {tier}" for tier, count in tiers.items() if count)
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="accounts.adopted",
                subject=f"batch:{batch.batch_id}",
                sentence=f"Took over {len(created):,} new accounts from {batch.feed}: {parts}.",
                evidence={
                    "batch_id": batch.batch_id,
                    "feed": batch.feed,
                    "accounts": len(created),
                    "tiers": tiers,
                },
            ),
            by=by,
        )
    for account, before in moved:
        publish(TierChanged(thread_id, account.account_number, before, str(account.tier)), by=by)
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="account.tier-changed",
                subject=f"account:{account.account_number}"[:120],
                sentence=f"{account.name} moved from {before} to {account.tier}. {account.tier_reason}",
                evidence={"before": before, "after": str(account.tier), "batch_id": batch.batch_id},
                account_number=account.account_number,
            ),
            by=by,
        )
