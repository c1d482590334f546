"""A small scene for tests of pages: a plan in force, its forecast, a board, a proposal, a feed, a term."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from closeknit.kernel import ids

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 16)
SMALL_RECIPE = """
recipe: orders
title: Orders
time_zone: Europe/Berlin
streams:
  - name: orders
    from: "orders*.csv"
    into: work
    key: [order]
    fields:
      operation: {value: warehouse}
      service: {value: picking}
      occurred_at: at
      quantity: {value: 1}
      account_number: account
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What was set up: ids that pages are asked for."""

    plan_id: UUID
    thread_id: UUID
    proposal_id: UUID
    run_id: UUID
    escalation_id: UUID
    forecast_exception_id: UUID


def build(accounts: dict[str, Any], by: Any) -> Scene:
    """Set the scene for these accounts, as this planner."""
    thread_id, run_id, plan_id = ids.new_id(), ids.new_id(), ids.new_id()
    add_run(run_id, thread_id)
    add_plan(plan_id, run_id, thread_id, accounts)
    add_board(accounts, thread_id)
    add_feed()
    add_term(accounts["ACME"])
    proposal_id = add_proposal(plan_id, thread_id, accounts["ACME"], by)
    return Scene(plan_id, thread_id, proposal_id, run_id, add_escalation(thread_id, by), add_forecast_exception(run_id))


def add_run(run_id: UUID, thread_id: UUID) -> None:
    """Add a forecast run without series."""
    import numpy as np

    from closeknit.rooms.demand import compute
    from closeknit.rooms.demand.models import ForecastRun

    ForecastRun.objects.create(
        id=run_id,
        thread_id=thread_id,
        operation="warehouse",
        grains=["day"],
        time_zone="Europe/Berlin",
        first_on=MONDAY,
        weeks=2,
        horizon_days=14,
        made_at=NOW,
        stands_since_at=NOW,
        data_until_at=NOW,
        snapshot_digest="a" * 64,
        result_digest="b" * 64,
        code_version="demand/test",
        series_count=0,
        wape_share=0.1,
        interval_coverage_share=0.81,
        bias_share=0.01,
        numbers=compute.pack(np.array([0.1, 0.5, 0.9]), []),
        snapshot=compute.pack_inputs(
            compute.ForecastInputs("warehouse", "Europe/Berlin", MONDAY, 2, 14, {}, {}, (), (), (), ())
        ),
    )


def add_forecast_exception(run_id: UUID) -> UUID:
    """Add a week in which ACME came otherwise than forecast."""
    from closeknit.rooms.demand.tests.coming import exception_of

    return exception_of("ACME", run_id)


def add_plan(plan_id: UUID, run_id: UUID, thread_id: UUID, accounts: dict[str, Any], pools: int = 2) -> None:
    """Add a committed plan of two weeks; its first pool is short in its second week, ACME with it."""
    from closeknit.rooms.capacity.compute import PlanInputs, snapshot_of
    from closeknit.rooms.capacity.models import ClaimWeekRow, Plan, Pool, PoolWeekRow

    inputs = PlanInputs("warehouse", MONDAY, 2, 0.8, str(run_id), "b" * 64, {}, (), ())
    plan = Plan.objects.create(
        id=plan_id,
        thread_id=thread_id,
        operation="warehouse",
        state="committed",
        first_on=MONDAY,
        weeks=2,
        made_at=NOW,
        made_by_name="Alice Planner",
        forecast_run_id=run_id,
        planning_quantile=0.8,
        need_hours=400.0,
        served_hours=380.0,
        short_hours=20.0,
        overtime_hours=5.0,
        overtime_cost=Decimal("150.00"),
        shortfall_cost=Decimal("4321.00"),
        regular_cost=Decimal("9000.00"),
        currency="EUR",
        accounts_short=1,
        top_tier_accounts_short=1,
        optimality_gap=0.0,
        assumptions=["Pickers are assumed: <b>eight</b> by day."],
        snapshot_digest="c" * 64,
        result_digest="d" * 64,
        code_version="capacity/test",
        snapshot=snapshot_of(inputs),
        cells=b"",
    )
    for number in range(pools):
        Pool.objects.create(
            pool=f"pick-{number}",
            name=f"Pickers {number}",
            operation="warehouse",
            services=["picking"],
            regions=["*"],
            unit="picker",
            staffing="deadline",
            handle_minutes=10.0,
            shrinkage_parts=["0.1"],
            cost_per_hour=Decimal(20),
            overtime_cost_per_hour=Decimal(30),
            overtime_share_max=0.1,
            currency="EUR",
            time_zone="Europe/Berlin",
            is_assumed=True,
        )
        for week in range(2):
            short = 20.0 if number == 0 and week == 1 else 0.0
            PoolWeekRow.objects.create(
                plan=plan,
                pool=f"pick-{number}",
                pool_name=f"Pickers {number}",
                unit="picker",
                week_on=MONDAY + timedelta(weeks=week),
                need_hours=100.0,
                capacity_hours=80.0 + (not short) * 40,
                served_hours=100.0 - short,
                short_hours=short,
                overtime_hours=0.0,
                peak_need_units=3,
                price_per_hour=Decimal("12.5") if short else Decimal(0),
                one_more_unit_worth=Decimal("437.50") if short else Decimal(0),
                one_less_unit_cost=Decimal("500.00"),
                sentence="Needs 100 hours. One more picker would save EUR 437.50." if short else "Covers its need.",
            )
    for account in accounts.values():
        is_acme = account.account_number == "ACME"
        ClaimWeekRow.objects.create(
            plan=plan,
            pool="pick-0",
            week_on=MONDAY + timedelta(weeks=1),
            tier=account.tier,
            account_number=account.account_number,
            team=account.team,
            need_hours=30.0,
            served_hours=10.0 if is_acme else 30.0,
            short_hours=20.0 if is_acme else 0.0,
            shortfall_cost=Decimal("4321.00") if is_acme else Decimal(0),
            term="99% shipped within 24 hours",
            sentence=f"{account.account_number} gets what is there.",
        )


def add_board(accounts: dict[str, Any], thread_id: UUID) -> None:
    """Add a board line for each account."""
    from closeknit.rooms.outcomes.models import BoardLine

    for rank, account in enumerate(accounts.values()):
        BoardLine.objects.create(
            account_number=account.account_number,
            name=account.name,
            tier=account.tier,
            tier_rank=rank,
            team=account.team,
            team_name=account.team.name,
            operations=["warehouse"],
            units_last_4_weeks=100.0,
            units_next_4_weeks=110.0,
            need_hours=30.0,
            served_hours=10.0 if rank == 0 else 30.0,
            short_hours=20.0 if rank == 0 else 0.0,
            amount_last_52_weeks=Decimal("1000.00"),
            currency="EUR",
            thread_id=thread_id,
            refreshed_at=NOW,
        )


def add_feed() -> None:
    """Add a feed whose one batch balances, with one row in quarantine."""
    from closeknit.rooms.sensing.models import Batch, BatchOperation, Feed, QuarantinedRow

    feed = Feed.objects.create(
        name="orders",
        title="Orders",
        recipe="orders",
        recipe_text=SMALL_RECIPE,
        recipe_version="abc",
        time_zone="Europe/Berlin",
        assumptions=["Tiers follow order value."],
        created_at=NOW,
    )
    batch = Batch.objects.create(
        feed=feed,
        source_name="orders.csv",
        source_sha256="e" * 64,
        recipe_version="abc",
        state="done",
        files=[{"name": "orders.csv"}],
        read=10,
        accepted=8,
        quarantined=1,
        duplicate=1,
        thread_id=ids.new_id(),
        started_at=NOW,
        finished_at=NOW,
    )
    BatchOperation.objects.create(
        batch=batch,
        operation="warehouse",
        rows=8,
        first_at=NOW - timedelta(days=90),
        last_at=NOW,
        content_sum=Decimal(1),
    )
    QuarantinedRow.objects.create(
        feed=feed,
        batch=batch,
        file_number=0,
        line=7,
        raw={"item": "<script>alert(1)</script>"},
        raw_hash=b"x" * 16,
        code="impossible-date",
        reason="30 February does not exist.",
    )


def add_term(account: Any) -> None:
    """Add a contract with one term in force for an account."""
    from closeknit.rooms.agreements.models import Contract, TermRow

    contract = Contract.objects.create(contract_number="C-1", account_number=account.account_number)
    TermRow.objects.create(
        contract=contract,
        term_number="T-1",
        account_number=account.account_number,
        operation="warehouse",
        service="picking",
        measure="ship_within",
        threshold_minutes=1440.0,
        target_share=0.99,
        credit_per_miss=Decimal("50.00"),
        currency="EUR",
        starts_on=date(2020, 1, 1),
        source="contract",
        source_feed="orders",
    )


def add_proposal(plan_id: UUID, thread_id: UUID, acme: Any, by: Any) -> UUID:
    """Put the plan before policy, which leaves it to a person; record a line about ACME beside it."""
    from django.db import transaction

    from closeknit.rooms.decisions.actions.propose_plan_change import propose_plan_change
    from closeknit.rooms.decisions.actions.record_entry import record_entry
    from closeknit.rooms.decisions.contracts import Entry, PlanFacts

    with transaction.atomic():
        record_entry(
            Entry(
                thread_id,
                "account.short",
                f"plan:{plan_id}",
                "ACME is short.",
                {"hours": 20},
                "ACME",
            ),
            by=by,
        )
    facts = PlanFacts("warehouse", Decimal("4471.00"), "EUR", None, 0.95, 1, True)
    return propose_plan_change(
        subject=f"plan:{plan_id}",
        title="Plan of warehouse",
        summary="One account is short.",
        facts=facts,
        thread_id=thread_id,
        by=by,
        at=datetime.now(UTC),
    )


def add_escalation(thread_id: UUID, by: Any) -> UUID:
    """Escalate that ACME is short, and open an on-duty calendar with a shift of this planner."""
    from datetime import time

    from closeknit.rooms.decisions.actions.keep_duty_calendar import open_calendar, set_shift
    from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
    from closeknit.rooms.org import reads as org

    console, at = org.console_actor(), datetime.now(UTC)
    hours = {"starts_local": time(8), "ends_local": time(16), "from_on": date(2026, 1, 5)}
    open_calendar("operations", title="Operations", time_zone="Europe/Berlin", by=console, at=at)
    username = org.get_person(by.key, by=console).username
    set_shift("operations", person=username, weekday=0, **hours, by=console, at=at)
    about = {"title": "ACME is short", "summary": "By 20 hours.", "account_number": "ACME"}
    return raise_escalation(path="shortfall", cause="scene", **about, thread_id=thread_id, by=by, at=at)
