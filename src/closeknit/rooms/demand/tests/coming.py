"""A forecast of the small company, and weeks that come in after it, for tests of scores and exceptions."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from tests.cast import enter
from tests.small_company import ACCOUNTS, AT, DAYS, FIRST_ON, RECIPE, deliver_all, draft, load

LATER = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def forecast(folder: Path) -> UUID:
    """Load eight weeks and forecast the next two; return the run's id."""
    load(folder)
    return draft().run_id


def come_in(folder: Path, weeks: int = 1, factor: float = 1.0, only: str = "", first_week: int = 0) -> None:
    """Load whole weeks after those of the small company; work of `only` (or of everyone) is `factor` of the usual."""
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    lines = [
        f"{number}-{day},{FIRST_ON + timedelta(days=day)}T10:00:00,{number},"
        f"{round((size + day % 7) * (factor if only in ('', number) else 1.0))},{size}.00\n"
        for day in range(DAYS + 7 * first_week, DAYS + 7 * (first_week + weeks))
        for number, _, _, _, size in ACCOUNTS
    ]
    later = folder / f"later-{first_week}-{factor}"
    later.mkdir()
    (later / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    for name in ("accounts.csv", "terms.csv"):
        (later / name).write_text((folder / name).read_text(encoding="utf-8"), encoding="utf-8")
    (later / "orders.csv").write_text("order,at,account,lines,amount\n" + "".join(lines), encoding="utf-8")
    load_recipe(str(later / "recipe.yaml"), later, by=enter("alice"), at=AT + timedelta(weeks=first_week + weeks))
    deliver_all()


def score() -> int:
    """Score the warehouse's forecasts as the program does."""
    from closeknit.kernel import ids
    from closeknit.rooms.demand.actions.score_forecasts import score_forecasts
    from closeknit.rooms.org.reads import system_actor

    return score_forecasts("warehouse", thread_id=ids.new_id(), by=system_actor(), at=LATER)


def raise_all(at: datetime = LATER) -> int:
    """Raise the warehouse's exceptions as the program does."""
    from closeknit.kernel import ids
    from closeknit.rooms.demand.actions.raise_forecast_exceptions import raise_forecast_exceptions
    from closeknit.rooms.org.reads import system_actor

    return raise_forecast_exceptions("warehouse", thread_id=ids.new_id(), by=system_actor(), at=at)


def exception_of(account_number: str, run_id: UUID) -> UUID:
    """Add an open exception of an account, without data behind it; return its id."""
    from closeknit.kernel import ids
    from closeknit.rooms.demand.models import ForecastException

    row = ForecastException.objects.create(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        operation="warehouse",
        level="series",
        service="picking",
        tier="strategic",
        account_number=account_number,
        week_on=date(2026, 3, 2),
        run_id=run_id,
        horizon_weeks=1,
        causes=["outside its range"],
        mean=600.0,
        low=550.0,
        high=650.0,
        actual=960.0,
        share_limit=0.15,
        consequence=2880.0,
        owner_key="role:account-manager",
        raised_at=LATER,
        due_at=LATER + timedelta(days=3),
    )
    return row.pk
