"""JSON operations of values, scores and tiers by score."""

from datetime import UTC, date, datetime, time
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.adopt_tier_table import adopt_tier_table
from closeknit.rooms.customers.actions.assess_accounts import assess_accounts
from closeknit.rooms.customers.contracts import AccountScore, AccountValue, TierTableCard, TierWeek, ValueRun
from closeknit.rooms.org.contracts import Permission

router = Router(tags=["values"])


def _at(on: date | None) -> datetime:
    return clock.check(datetime.combine(on, time.max, UTC), where="on") if on else clock.now()


@router.get("/account-values", response=list[AccountValue])
def list_account_values(
    request: Request, on: date | None = None, tier: str = "", limit: int = Query(100, ge=1, le=1000)
):
    """What accounts are worth as of a day (none: today), the most valuable first."""
    return reads.list_values(by=request.actor, at=_at(on), tier=tier, limit=limit)


@router.get("/account-value", response=AccountValue)
def get_account_value(request: Request, account_number: str, on: date | None = None):
    """What one account is worth as of a day; without a value it says why."""
    request.actor.require(Permission.READ_INTERNAL)
    return reads.get_value(account_number, by=request.actor, at=_at(on))


@router.get("/account-scores", response=list[AccountScore])
def list_account_scores(
    request: Request, on: date | None = None, tier: str = "", limit: int = Query(100, ge=1, le=1000)
):
    """Scores as of a day, the highest first, term by term."""
    return reads.list_scores(by=request.actor, at=_at(on), tier=tier, limit=limit)


@router.get("/account-score", response=AccountScore)
def get_account_score(request: Request, account_number: str, on: date | None = None):
    """One account's score as of a day."""
    request.actor.require(Permission.READ_INTERNAL)
    return reads.get_score(account_number, by=request.actor, at=_at(on))


@router.get("/tier-weeks", response=list[TierWeek])
def list_tier_weeks(
    request: Request,
    on: date | None = None,
    account_number: str = "",
    moving_only: bool = True,
    limit: int = Query(200, ge=1, le=1000),
):
    """What the table of tiers said in the newest week up to a day; of one account: in all its weeks up to then."""
    request.actor.require(Permission.READ_INTERNAL)
    return reads.list_tier_weeks(
        by=request.actor, at=_at(on), account_number=account_number, moving_only=moving_only, limit=limit
    )


@router.get("/tier-table", response=TierTableCard)
def get_tier_table(request: Request, on: date | None = None):
    """The table of tiers in force on a day, in words."""
    return reads.get_tier_table(by=request.actor, on=_at(on).date())


class NewTierTable(Schema):
    """A table of tiers as YAML, and why."""

    text: str = Field(..., max_length=100_000)
    reason: str = Field("", max_length=2000)


class AdoptedTierTable(Schema):
    """The version that was adopted."""

    version: str


@router.post("/tier-table", response=AdoptedTierTable)
def post_tier_table(request: Request, body: NewTierTable):
    """Adopt a table of tiers; it is proven and its golden cases are checked first."""
    version = adopt_tier_table(body.text, reason=body.reason, by=request.actor, at=clock.now())
    return AdoptedTierTable(version=version)


class WantedAssessment(Schema):
    """The day as of which accounts are valued, scored and judged; none: this week's Monday."""

    on: date | None = None


class MadeAssessment(Schema):
    """The run that was made, or had been made of that day before."""

    run_id: UUID


@router.post("/account-values/refresh", response=MadeAssessment)
def refresh_account_values(request: Request, body: WantedAssessment):
    """Value, score and judge every account as of a day."""
    return MadeAssessment(run_id=assess_accounts(on=body.on, by=request.actor, at=clock.now()))


@router.get("/value-runs", response=list[ValueRun])
def list_value_runs(request: Request, limit: int = Query(60, ge=1, le=1000)):
    """The runs that made values, newest first, with models, settings and digests."""
    return reads.list_value_runs(by=request.actor, limit=limit)


class ValueReplay(Schema):
    """Whether every bit came out the same."""

    is_same: bool
    sentence: str


@router.get("/value-runs/{run_id}/replay", response=ValueReplay)
def replay_value_run(request: Request, run_id: UUID):
    """Make a run's values again from what was kept."""
    is_same, sentence = reads.replay_values(run_id, by=request.actor)
    return ValueReplay(is_same=is_same, sentence=sentence)
