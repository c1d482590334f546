"""A wholesaler of 61 accounts for the tests of value, score and tiers: 59 buy as a crowd, two are under contract."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from tests.cast import NORTH, SOUTH, enter

from closeknit.rooms.customers.actions.adopt_accounts import adopt_accounts
from closeknit.rooms.sensing.actions.load_recipe import load_recipe

FIRST_ON, WEEKS = date(2025, 1, 6), 60
ON = FIRST_ON + timedelta(weeks=WEEKS)
AT = datetime.combine(ON, datetime.min.time(), UTC) + timedelta(hours=9)
RECIPE = """
recipe: wholesaler
title: Wholesaler
time_zone: Europe/Berlin
streams:
  - name: accounts
    from: accounts.csv
    into: account
    fields: {account_number: number, name: name, tier: tier, team: team}
  - name: terms
    from: terms.csv
    into: term
    fields: {term_number: term, contract_number: contract, account_number: {from: account, known: account},
             tier: tier, operation: {value: warehouse}, service: {value: picking}, measure: {value: ship_within},
             threshold_minutes: {value: 1440}, target_share: {value: 0.95}, credit_per_miss: {value: 1},
             currency: {value: EUR}, starts_on: {value: "2024-01-01"}}
  - name: orders
    from: orders.csv
    into: work
    key: [order]
    fields: {operation: {value: warehouse}, service: {value: picking}, occurred_at: at, quantity: {value: 1},
             account_number: {from: account, known: account}, amount: amount, currency: {value: EUR},
             handle_minutes: minutes, is_return: {when: {kind: return}}}
"""


def write_wholesaler(folder: Path) -> Path:
    """Write recipe and files; ACME (contract) and A001 are team North's."""
    rng = np.random.default_rng(11)
    numbers = [f"A{n:03}" for n in range(1, 60)]
    accounts = ["number,name,tier,team", f"ACME,Acme Works,strategic,{NORTH}", f"BOLT,Bolt,volume,{SOUTH}"]
    accounts += [f"{number},Shop {number},volume,{NORTH if number == 'A001' else SOUTH}" for number in numbers]
    orders = ["order,at,account,amount,minutes,kind"]
    for number in numbers:
        rate, day, mean = rng.gamma(1.0, 0.25), float(rng.integers(0, 150)), rng.gamma(4.0) * 60.0
        while day < WEEKS * 7:
            orders.append(_order(len(orders), day, number, rng.gamma(5.0) * mean / 5.0, rng.gamma(2.0) * 3.0))
            if rng.random() < 0.12:
                break
            day += 1.0 + rng.exponential(7.0 / rate)
    for number, amount in (("ACME", 900.0), ("BOLT", 150.0)):
        orders += [_order(len(orders) + week, week * 7 + 1, number, amount, 5.0) for week in range(WEEKS)]
    orders.append(_order(len(orders), 40.0, "ACME", -100.0, 0.0).replace("order", "return"))
    texts = {
        "recipe.yaml": RECIPE,
        "accounts.csv": "\n".join(accounts) + "\n",
        "terms.csv": "term,contract,account,tier\nT-1,C-1,ACME,\nT-2,C-2,BOLT,\n",
        "orders.csv": "\n".join(orders) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "recipe.yaml"


def _order(number: int, day: float, account: str, amount: float, minutes: float) -> str:
    at = datetime.combine(FIRST_ON, datetime.min.time()) + timedelta(days=int(day), hours=10)
    return f"{number},{at.isoformat()},{account},{amount:.2f},{minutes:.1f},order"


def load_wholesaler(folder: Path) -> None:
    """Load the wholesaler as Alice."""
    alice = enter("alice")
    card = load_recipe(str(write_wholesaler(folder)), folder, by=alice, at=AT)
    adopt_accounts(card.batch_id, thread_id=card.thread_id, by=alice)
