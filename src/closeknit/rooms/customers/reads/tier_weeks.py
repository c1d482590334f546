"""What the table of tiers said, week by week."""

from datetime import datetime
from decimal import Decimal

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.contracts import TierOutcome, TierVerdict, TierWeek
from closeknit.rooms.customers.models import Account, TierWeekRow, WorthRun
from closeknit.rooms.customers.reads.accounts import get_account, visible_accounts
from closeknit.rooms.customers.reads.tier_tables import tier_table_on
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission


def list_tier_weeks(
    *, by: Actor, at: datetime, account_number: str = "", moving_only: bool = True, limit: int = 200
) -> list[TierWeek]:
    """Return what the table said in the newest week up to an instant, of accounts that the actor may see.

    With an account number: of that account, in its weeks up to then, newest first.
    """
    by.require(Permission.READ_ACCOUNTS)
    rows = TierWeekRow.objects.filter(run__as_of_on__lte=at.date()).select_related("run")
    if account_number:
        get_account(account_number, by=by)
        rows = rows.filter(account_number=account_number).order_by("-run__as_of_on")
    else:
        run = WorthRun.objects.filter(as_of_on__lte=at.date(), tiered_at__isnull=False).order_by("as_of_on").last()
        rows = rows.filter(run=run).order_by("account_number")
        if not by.scope_of(Permission.READ_ACCOUNTS).every_account:
            rows = rows.filter(account_number__in=visible_accounts(by).values("account_number"))
    if moving_only:
        rows = rows.exclude(outcome=TierOutcome.STAYS.value)
    return _cards(list(rows[:limit]), by)


def count_tier_outcomes(*, by: Actor, at: datetime) -> dict[str, int]:
    """Return how often each outcome came in the newest week up to an instant, of accounts that the actor may see."""
    by.require(Permission.READ_ACCOUNTS)
    run = WorthRun.objects.filter(as_of_on__lte=at.date(), tiered_at__isnull=False).order_by("as_of_on").last()
    rows = TierWeekRow.objects.filter(run=run)
    if not by.scope_of(Permission.READ_ACCOUNTS).every_account:
        rows = rows.filter(account_number__in=visible_accounts(by).values("account_number"))
    words = list(rows.values_list("outcome", flat=True))
    return {each.value: words.count(each.value) for each in TierOutcome}


def replay_tier_week(account_number: str, *, by: Actor, at: datetime) -> tuple[bool, str]:
    """Ask the table of that week again what it said of an account: whether it says the same, and a sentence.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    get_account(account_number, by=by)
    by.require(Permission.READ_INTERNAL)
    row = (
        TierWeekRow.objects.filter(account_number=account_number, run__as_of_on__lte=at.date())
        .select_related("run")
        .order_by("run__as_of_on")
        .last()
    )
    if row is None:
        return False, "No table was asked about it by then."
    table, _ = tier_table_on(row.run.as_of_on)
    if table.digest != row.table_digest:
        return False, f"The table {row.table_version} is not the one of {row.run.as_of_on} any more."
    answer = decisions.ask_strict_table(
        table,
        {
            "score": None if row.score_thousandths is None else Decimal(row.score_thousandths) / 1000,
            "now": row.tier,
            "held_days": Decimal(max((row.run.as_of_on - row.held_since_on).days, 0)),
            "under_contract": row.under_contract,
        },
    )
    says = row.tier if answer.answers[0] == "stay" else answer.answers[0]
    same = says == row.says and [each.sentence for each in answer.verdicts] == [v["sentence"] for v in row.verdicts]
    return same, f"Row {answer.rows[0]} of {table.version} says {says}{' again' if same else f', not {row.says}'}."


def _cards(rows: list[TierWeekRow], by: Actor) -> list[TierWeek]:
    numbers = {row.account_number for row in rows}
    names = dict(Account.objects.filter(account_number__in=numbers).values_list("account_number", "name"))
    # Asked as the system: whoever sees the account sees what came of the week, if not who decides it.
    states = decisions.states_of([row.proposal_id for row in rows if row.proposal_id], by=org.system_actor())
    cards = (
        TierWeek(
            account_number=row.account_number,
            name=names.get(row.account_number, row.account_number),
            as_of_on=row.run.as_of_on,
            tier=row.tier,
            says=row.says,
            outcome=TierOutcome(row.outcome),
            held_days=max((row.run.as_of_on - row.held_since_on).days, 0),
            under_contract=row.under_contract,
            score=None if row.score_thousandths is None else Decimal(row.score_thousandths) / 1000,
            because=row.because,
            verdicts=tuple(TierVerdict(**each) for each in row.verdicts),
            table_version=row.table_version,
            proposal_id=row.proposal_id,
            proposal_state=str(states.get(row.proposal_id, "")) if row.proposal_id else "",
            thread_id=row.run.thread_id,
        )
        for row in rows
    )
    return org.redact(cards, by=by)
