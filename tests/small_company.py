"""A company of three accounts, loaded, planned and committed by the real actions, for tests of what people may see.

ACME is team North's, which Bob sees. The other two belong to another team; their numbers, names, terms and team hold
words of `CANARIES` that occur nowhere else: whoever finds one in what Bob can fetch has found a leak.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from tests.cast import NORTH, enter

CANARIES = ("QZX7", "Quetzal", "Heronry")
FOREIGN, FOREIGN_NAME, FOREIGN_TEAM = "QZX7-1", "Quetzal Mills", "Heronry"
FOREIGN_SMALL = "QZX7-2"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIRST_ON, DAYS = date(2026, 1, 5), 56
RECIPE = """
recipe: small-company
title: Small company
time_zone: Europe/Berlin
streams:
  - name: accounts
    from: accounts.csv
    into: account
    fields: {account_number: number, name: name, tier: tier, team: team}
  - name: terms
    from: terms.csv
    into: term
    fields: {term_number: term, contract_number: contract, account_number: {from: account, known: account}, tier: tier,
             operation: {value: warehouse}, service: {value: picking}, measure: {value: ship_within},
             threshold_minutes: {value: 1440}, target_share: {value: 0.95}, credit_per_miss: credit,
             currency: {value: EUR}, starts_on: {value: "2025-01-01"}}
  - name: orders
    from: orders.csv
    into: work
    key: [order]
    fields: {operation: {value: warehouse}, service: {value: picking}, occurred_at: at, quantity: lines,
             account_number: {from: account, known: account}, amount: amount, currency: {value: EUR}}
assumptions: [One pool picks everything.]
assumed_facts:
  pool:
    - {pool: pickers, name: Pickers, operation: warehouse, services: [picking], regions: ["*"], site: Hall,
       unit: picker, staffing: deadline, handle_minutes: 6, shrinkage_parts: ["0.1"], cost_per_hour: 23.17,
       overtime_cost_per_hour: 37.91, overtime_share_max: 0.05, currency: EUR, time_zone: Europe/Berlin}
  roster:
    - {pool: pickers, weekday: [0, 1, 2, 3, 4], starts_local: "08:00", ends_local: "16:00", headcount: 1,
       from_on: 2025-01-01}
"""
ACCOUNTS = (
    ("ACME", "Acme Works", "strategic", NORTH, 90),
    (FOREIGN, FOREIGN_NAME, "strategic", FOREIGN_TEAM, 70),
    (FOREIGN_SMALL, "Quetzal Crumbs", "volume", FOREIGN_TEAM, 40),
)


@dataclass(frozen=True, slots=True)
class SmallCompany:
    """Ids of what was made."""

    plan_id: UUID
    thread_id: UUID
    run_id: UUID
    proposal_id: UUID
    feed: str = "small-company"
    foreign: str = FOREIGN


def write_files(folder: Path) -> Path:
    """Write the recipe and its files and return the recipe's path. One order names the foreign account and no date."""
    lines = {
        "recipe.yaml": RECIPE,
        "accounts.csv": "number,name,tier,team\n" + "".join(f"{n},{a},{t},{team}\n" for n, a, t, team, _ in ACCOUNTS),
        "terms.csv": "term,contract,account,tier,credit\nT-ALL,C-ALL,,volume,3.19\n"
        + "".join(f"T-{n},C-{n},{n},,{11 + size}.43\n" for n, _, t, _, size in ACCOUNTS if t == "strategic"),
        "orders.csv": "order,at,account,lines,amount\n"
        + "".join(_orders())
        + f"x,not a day,{FOREIGN},1,1\ny,2026-13-45T10:00:00,{FOREIGN},1,1\n",
    }
    for name, text in lines.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "recipe.yaml"


def _orders() -> list[str]:
    return [
        f"{number}-{day},{FIRST_ON + timedelta(days=day)}T10:00:00,{number},{size + day % 7},{size}.00\n"
        for day in range(DAYS)
        for number, _, _, _, size in ACCOUNTS
    ]


def load(folder: Path) -> None:
    """Load the files as Alice, and take over accounts, terms and pools."""
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    load_recipe(str(write_files(folder)), folder, by=enter("alice"), at=AT)
    deliver_all()


def draft(weeks: int = 2) -> SmallCompany:
    """Forecast, plan and propose as Alice; return the ids. The plan leaves strategic accounts short, so it waits."""
    from closeknit.rooms.capacity.actions.propose_plan import propose_plan
    from closeknit.rooms.capacity.actions.start_plan import start_plan
    from closeknit.rooms.decisions.models import Proposal
    from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast

    alice = enter("alice")
    thread_id = start_plan("warehouse", weeks=weeks, by=alice)
    run_id = refresh_forecast("warehouse", as_of=None, weeks=weeks, thread_id=thread_id, by=alice, at=AT)
    plan_id = propose_plan(run_id, thread_id=thread_id, by=alice, at=AT)
    proposal = Proposal.objects.get(subject=f"plan:{plan_id}")
    assert proposal.state == "waiting"
    return SmallCompany(plan_id, thread_id, run_id, proposal.pk)


def build(folder: Path) -> SmallCompany:
    """Load, plan, approve and commit, as Alice and Carol, and refresh the board."""
    from closeknit.rooms.capacity.models import Plan
    from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal
    from closeknit.rooms.org.reads import system_actor
    from closeknit.rooms.outcomes.actions.refresh_board import refresh_board

    load(folder)
    company = draft()
    approve_proposal(company.proposal_id, reason="The Quetzal Mills peak is known.", by=enter("carol"), at=AT)
    deliver_all()
    assert Plan.objects.get(pk=company.plan_id).state == "committed"
    refresh_board(company.plan_id, thread_id=company.thread_id, by=system_actor(), at=AT)
    return company


def deliver_all() -> None:
    """Deliver what is owed; a failure is the test's."""
    from closeknit.kernel import events
    from closeknit.kernel.models import Delivery

    while events.deliver():
        continue
    failed = list(Delivery.objects.exclude(last_error="").values_list("last_error", flat=True))
    assert not failed, failed
