"""Ask the table of tiers about every scored account, and carry out or propose what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, NotFound
from closeknit.kernel.output import plain
from closeknit.rooms.customers.contracts import TIER_ORDER, TIERS_FOLLOW, TOP_TIERS, Tier, TierOutcome
from closeknit.rooms.customers.models import Account, ScoreRow, TierWeekRow, ValueRow, WorthRun
from closeknit.rooms.customers.reads.stale import count_stale_feeds
from closeknit.rooms.customers.reads.tier_tables import STAY, tier_table_on
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.propose_change import propose_change
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Effect, Entry, StrictAnswer, StrictTable
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.actions.decide_with import deciding_about_many
from closeknit.rooms.privacy.contracts import TIERING

AT_ONCE = 2000
LONG_AGO = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class _Judged:
    """One account as the table saw it."""

    account: Account
    score: int | None
    held_since_on: date
    under_contract: bool
    answer: StrictAnswer

    @property
    def says(self) -> str:
        """The tier that it should have."""
        word = self.answer.answers[0]
        return self.account.tier if word == STAY else word


def refresh_tiers(run_id: UUID, *, by: Actor, at: datetime) -> int:
    """Judge every account of a run by the table of tiers; return how many changes were proposed.

    Promotions, and demotions below the top tiers, are settled by rule at once; a demotion out of a top tier waits for
    people, and so does every change of an account whose feeds are older than a change of tier allows. While the setting
    `customers.tiers_follow_scores` is off, what would move is only said. Done already: nothing happens.

    Raises:
        Denied: without the right to run plans and to propose.
        NotFound: for a run that is not there.
        Conflict: for a run that has no scores yet, or a table that has ended.
    """
    by.require(Permission.RUN_PLAN)
    by.require(Permission.PROPOSE)
    run = WorthRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such run.", where=str(run_id))
    if run.scored_at is None:
        raise Conflict("These accounts have no scores yet.", where=str(run_id), todo="Score the run first.")
    table, _ = tier_table_on(run.as_of_on)
    follows = bool(org.get_setting(TIERS_FOLLOW, at=at, by=by).value)
    scored = list(ScoreRow.objects.filter(run=run).values_list("account_number", flat=True))
    with deciding_about_many(TIERING, scored, by=by, at=at) as refused:
        locked = WorthRun.objects.select_for_update().get(pk=run_id)
        if locked.tiered_at is not None:
            return TierWeekRow.objects.filter(run=run, outcome=TierOutcome.PROPOSED.value).count()
        # Who opted out keeps its tier, and is served no worse than the standard.
        judged = [each for each in _judge(run, table) if each.account.account_number not in refused]
        moving = [each.account.account_number for each in judged if each.says != each.account.tier] if follows else []
        stale = count_stale_feeds(moving, by=by, at=at)
        rows = [_row(run, each, *_carry_out(run, each, stale, follows, by, at)) for each in judged]
        TierWeekRow.objects.bulk_create(rows, batch_size=AT_ONCE)
        locked.tiered_at = at
        locked.save(update_fields=["tiered_at"])
        record_entry(_entry(run, table, rows), by=by)
    return sum(row.outcome == TierOutcome.PROPOSED.value for row in rows)


def _judge(run: WorthRun, table: StrictTable) -> list[_Judged]:
    # A score without a value says how an account grows, not how much it is: nobody moves by that.
    valued = set(ValueRow.objects.filter(run=run, value__isnull=False).values_list("account_number", flat=True))
    scored = ScoreRow.objects.filter(run=run).values_list("account_number", "thousandths")
    scores = {number: score if number in valued else None for number, score in scored}
    inputs = dict(ValueRow.objects.filter(run=run).values_list("account_number", "inputs"))
    accounts = Account.objects.filter(account_number__in=list(scores)).order_by("account_number")
    held = _held(run)
    found = []
    for account in accounts:
        score, given = scores[account.account_number], inputs[account.account_number]
        since = _held_since(account, held.get(account.account_number), run.as_of_on)
        under_contract = given["contract_years"] is not None and not given["has_left"]
        answer = decisions.ask_strict_table(
            table,
            {
                "score": None if score is None else Decimal(score) / 1000,
                "now": account.tier,
                "held_days": Decimal(max((run.as_of_on - since).days, 0)),
                "under_contract": under_contract,
            },
        )
        found.append(_Judged(account, score, since, under_contract, answer))
    return found


def _held(run: WorthRun) -> dict[str, tuple[str, date]]:
    """Each account's tier at the last run before, and since when it had it then."""
    before = WorthRun.objects.filter(as_of_on__lt=run.as_of_on, tiered_at__isnull=False).order_by("as_of_on").last()
    rows = TierWeekRow.objects.filter(run=before) if before else TierWeekRow.objects.none()
    return {
        number: (tier, since) for number, tier, since in rows.values_list("account_number", "tier", "held_since_on")
    }


def _held_since(account: Account, before: tuple[str, date] | None, on: date) -> date:
    """Weeks are what it is known by: a tier that differs from last week's is held since this week."""
    if before is None:
        return on - LONG_AGO
    tier, since = before
    return since if tier == account.tier else on


def _carry_out(
    run: WorthRun, judged: _Judged, stale: Mapping[str, int], follows: bool, by: Actor, at: datetime
) -> tuple[TierOutcome, UUID | None]:
    if judged.says == judged.account.tier:
        return TierOutcome.STAYS, None
    if not follows:
        return TierOutcome.WOULD_MOVE, None
    try:
        with transaction.atomic():
            return TierOutcome.PROPOSED, _propose(run, judged, stale[judged.account.account_number], by, at)
    except Conflict:
        return TierOutcome.ANOTHER_WAITS, None


def _propose(run: WorthRun, judged: _Judged, stale_feeds: int, by: Actor, at: datetime) -> UUID:
    account, after = judged.account, Tier(judged.says)
    before = Tier(account.tier)
    steps = TIER_ORDER.index(after) - TIER_ORDER.index(before)
    why = _because(judged)
    return propose_change(
        kind="scored-tier",
        subject=f"account:{account.account_number}"[:120],
        title=f"Move {account.name} from {before} to {after}"[:200],
        summary=f"{account.name} would be {'further away' if steps > 0 else 'closer'}. {why}",
        before={"tier": before.value, "why": account.tier_reason},
        after={"tier": after.value, "why": why},
        effects=(Effect(account.account_number, None, f"It is served as a {after} account, not as {before}."),),
        tier=TIER_ORDER[min(TIER_ORDER.index(after), TIER_ORDER.index(before))].value,
        money_at_stake=None,
        currency="",
        facts={
            "from": before.value,
            "to": after.value,
            "steps": abs(steps),
            "leaves_top_tier": steps > 0 and before in TOP_TIERS,
            "stale_feeds": stale_feeds,
            "score_thousandths": judged.score,
            "as_of_on": run.as_of_on.isoformat(),
            "table_version": judged.answer.version,
        },
        account_number=account.account_number,
        thread_id=ids.new_id(),
        by=by,
        at=at,
    )


def _because(judged: _Judged) -> str:
    score = "not known" if judged.score is None else f"{Decimal(judged.score) / 1000:f}"
    return f"{judged.answer.because} Score {score}; table {judged.answer.version}, row {judged.answer.rows[0]}."


def _row(run: WorthRun, judged: _Judged, outcome: TierOutcome, proposal_id: UUID | None) -> TierWeekRow:
    return TierWeekRow(
        run=run,
        account_number=judged.account.account_number,
        tier=judged.account.tier,
        says=judged.says,
        outcome=outcome.value,
        held_since_on=judged.held_since_on,
        under_contract=judged.under_contract,
        score_thousandths=judged.score,
        because=_because(judged),
        verdicts=plain(list(judged.answer.verdicts)),
        table_version=judged.answer.version,
        table_digest=judged.answer.digest,
        proposal_id=proposal_id,
    )


def _entry(run: WorthRun, table: StrictTable, rows: list[TierWeekRow]) -> Entry:
    counts = {each.value: sum(row.outcome == each.value for row in rows) for each in TierOutcome}
    said = ", ".join(f"{count:,} {name.replace('-', ' ')}" for name, count in counts.items() if count)
    return Entry(
        thread_id=run.thread_id,
        kind="tiers.judged",
        subject=f"values:{run.as_of_on}",
        sentence=f"Asked the table of tiers {table.version} about {len(rows):,} accounts: {said or 'none'}.",
        evidence={"run_id": run.pk, "version": table.version, "digest": table.digest, "outcomes": counts},
    )
