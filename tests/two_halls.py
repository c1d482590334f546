"""A company of two halls that do the same work in two regions, for tests of shortages and of lending staff.

ACME, of team North and the top tier, is the whole work of the north hall. The south hall has time to spare.
"""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from tests.cast import NORTH, SOUTH, enter
from tests.small_company import AT, DAYS, FIRST_ON, deliver_all

# Number, name, tier, team, region, units a day.
CUSTOMERS = (
    ("ACME", "Acme Works", "strategic", NORTH, "north", 60),
    ("BOLT", "Bolt Tools", "standard", SOUTH, "south", 30),
    ("CRUMB", "Crumb Bakery", "volume", SOUTH, "south", 20),
)
RECIPE = """
recipe: two-halls
title: Two halls
time_zone: Europe/Berlin
streams:
  - name: accounts
    from: accounts.csv
    into: account
    fields: {account_number: number, name: name, tier: tier, team: team}
  - name: terms
    from: terms.csv
    into: term
    fields: {term_number: term, contract_number: term, account_number: {from: account, known: account}, tier: tier,
             operation: {value: warehouse}, service: {value: picking}, measure: {value: ship_within},
             threshold_minutes: {value: 1440}, target_share: {value: 0.95}, credit_per_miss: credit,
             currency: {value: EUR}, starts_on: {value: "2025-01-01"}}
  - name: orders
    from: orders.csv
    into: work
    key: [order]
    fields: {operation: {value: warehouse}, service: {value: picking}, region: region, occurred_at: at, quantity: lines,
             account_number: {from: account, known: account}, amount: amount, currency: {value: EUR}}
assumptions: [Both halls do the same work.]
assumed_facts:
  pool:
    - {pool: north, name: North hall, operation: warehouse, services: [picking], regions: [north], site: North,
       unit: picker, staffing: deadline, handle_minutes: 6, shrinkage_parts: ["0.1"], cost_per_hour: 20,
       overtime_cost_per_hour: 30, overtime_share_max: 0.05, currency: EUR, time_zone: Europe/Berlin}
    - {pool: south, name: South hall, operation: warehouse, services: [picking], regions: [south], site: South,
       unit: picker, staffing: deadline, handle_minutes: 6, shrinkage_parts: ["0.1"], cost_per_hour: 20,
       overtime_cost_per_hour: 30, overtime_share_max: 0.05, currency: EUR, time_zone: Europe/Berlin}
  roster:
    - {pool: north, weekday: [0, 1, 2, 3, 4, 5, 6], starts_local: "08:00", ends_local: "16:00", headcount: 1,
       from_on: 2025-01-01}
    - {pool: south, weekday: [0, 1, 2, 3, 4, 5, 6], starts_local: "08:00", ends_local: "16:00", headcount: 4,
       from_on: 2025-01-01}
"""


def orders(first_day: int, days: int, factor: float = 1.0) -> list[dict[str, str]]:
    """Return a span of orders; ACME's are `factor` of the usual."""
    return [
        {
            "order": f"{number}-{day}",
            "at": f"{FIRST_ON + timedelta(days=day)}T10:00:00",
            "account": number,
            "region": region,
            "lines": str(round((size + day % 7) * (factor if number == "ACME" else 1.0))),
            "amount": f"{size}.00",
        }
        for day in range(first_day, first_day + days)
        for number, _, _, _, region, size in CUSTOMERS
    ]


def write_files(folder: Path, factor: float = 1.0) -> Path:
    """Write the recipe and eight weeks of orders; return the recipe's path."""
    terms = [("T-ACME", "ACME", "", "9.50"), ("T-STD", "", "standard", "2"), ("T-VOL", "", "volume", "1")]
    rows = orders(0, DAYS, factor)
    texts = {
        "recipe.yaml": RECIPE,
        "accounts.csv": "number,name,tier,team\n" + "".join(f"{n},{a},{t},{e}\n" for n, a, t, e, _, _ in CUSTOMERS),
        "terms.csv": "term,account,tier,credit\n" + "".join(",".join(term) + "\n" for term in terms),
        "orders.csv": "order,at,account,region,lines,amount\n" + "".join(",".join(row.values()) + "\n" for row in rows),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "recipe.yaml"


def build(folder: Path, factor: float = 2.0, weeks: int = 2) -> UUID:
    """Load, plan, approve and commit: with twice the work ACME is short in the north hall; return the plan's id."""
    from closeknit.rooms.capacity.actions.propose_plan import propose_plan
    from closeknit.rooms.capacity.actions.start_plan import start_plan
    from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal
    from closeknit.rooms.decisions.models import Proposal
    from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    alice = enter("alice")
    load_recipe(str(write_files(folder, factor)), folder, by=alice, at=AT)
    deliver_all()
    thread_id = start_plan("warehouse", weeks=weeks, by=alice)
    run_id = refresh_forecast("warehouse", as_of=None, weeks=weeks, thread_id=thread_id, by=alice, at=AT)
    plan_id = propose_plan(run_id, thread_id=thread_id, by=alice, at=AT)
    proposal = Proposal.objects.get(subject=f"plan:{plan_id}")
    if proposal.state == "waiting":
        approve_proposal(proposal.pk, reason="Known.", by=enter("carol"), at=AT)
    deliver_all()
    return plan_id
