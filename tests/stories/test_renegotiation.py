"""A promise is renegotiated: quoted with its price and sufferers, signed by other eyes, planned again, committed.

All of it over HTTP and with the real worker. The new plan differs from the old one by what the quote said, and by
nothing else; the receipts of each step hold for a program that has neither our database nor our code.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests import receipts
from tests.cast import NORTH, token_of
from tests.stories.conftest import Program

WEEKS = 4
PERSONS = ("alice", "bob", "carol", "hana", "frank", "gina")
ACCOUNTS = (("ACME", "Acme Works", "strategic"), ("BOLT", "Bolt Brothers", "key"), ("CRUMB", "Crumb Bakery", "key"))
RECIPE = """
recipe: north-hall
title: North hall
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
             threshold_minutes: minutes, target_share: {value: 0.95}, credit_per_miss: credit,
             currency: {value: EUR}, starts_on: {value: "2024-01-01"}}
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
       overtime_cost_per_hour: 37.91, overtime_share_max: 0.01, currency: EUR, time_zone: Europe/Berlin}
  roster:
    - {pool: pickers, weekday: [0, 1, 2, 3, 4], starts_local: "08:00", ends_local: "16:00", headcount: 3,
       from_on: 2024-01-01}
"""


def monday() -> date:
    """The data ends with last week: a contract can only be signed before it begins, so the plan lies ahead of today."""
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday())


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    """ACME orders most on Wednesdays and has five days for it; the others have their work shipped by the next day."""
    weekly = {"ACME": (30, 30, 150, 30, 30), "BOLT": (60,) * 5, "CRUMB": (90,) * 5}
    orders = [
        f"{number}-{day},{monday() - timedelta(days=56 - day)}T09:00:00,{number},{weekly[number][day % 7]},10.00\n"
        for day in range(56)
        for number in weekly
        if day % 7 < 5
    ]
    files = {
        "recipe.yaml": RECIPE,
        "accounts.csv": "number,name,tier,team\n" + "".join(f"{n},{a},{t},{NORTH}\n" for n, a, t in ACCOUNTS),
        "terms.csv": "term,contract,account,tier,minutes,credit\nT-ACME,C-ACME,ACME,,7200,4.10\n"
        "T-BOLT,C-BOLT,BOLT,,1440,30.00\nT-CRUMB,C-CRUMB,CRUMB,,1440,0.20\n",
        "orders.csv": "order,at,account,lines,amount\n" + "".join(orders),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def people(live_server, hall, closeknit) -> dict[str, Program]:
    found = {name: Program(live_server.url, token_of(name)) for name in PERSONS}
    closeknit("load", hall / "recipe.yaml", hall)
    return found


def test_a_promise_is_quoted_signed_and_planned_as_it_was_quoted(people, worker, eventually, tmp_path):
    alice, bob = people["alice"], people["bob"]
    old = first_plan(people, eventually)
    begins = date.fromisoformat(old["first_on"]) + timedelta(days=14)
    quote = quoted(bob, people["gina"], begins)
    seen = alice.get(f"/quotes/{quote['quote_id']}").body
    early = {Decimal(week["cost_more"]) for week in seen["pools"] if week["week_on"] < str(begins)}
    assert early == {Decimal(0)}, "it costs nothing before it begins"
    proposal_id = proposed(bob, quote, begins)
    signed(people, proposal_id, eventually)
    new = eventually(lambda: next((p for p in alice.get("/plans").body if p["plan_id"] != old["plan_id"]), None))
    the_difference_is_what_was_quoted(alice, quote, old, new, begins)
    commit(people, new, eventually)
    assert state(alice, old) == "superseded"
    assert alice.get(f"/plans/{new['plan_id']}/replay").body["same"]
    assert alice.get(f"/plans/{old['plan_id']}/replay").body["same"]
    prove_outside(people["frank"], quote, proposal_id, new, eventually, tmp_path)


@pytest.mark.browser
def test_the_same_by_hand_from_the_quote_to_the_new_plan(people, worker, eventually, desk):
    alice = people["alice"]
    old = first_plan(people, eventually)
    begins = date.fromisoformat(old["first_on"]) + timedelta(days=14)
    bob = desk("bob")
    bob.open("/quotes/")
    for label, words in (("Account", "ACME"), ("Within", "60m"), ("Kept for", "95%"), ("From", str(begins))):
        bob.page.get_by_label(label, exact=True).fill(words)
    bob.page.get_by_role("button", name="Quote it").click()
    bob.page.get_by_role("heading", name="Who else would get less").wait_for()
    assert bob.page.get_by_role("rowheader", name="CRUMB").is_visible()
    assert bob.page.get_by_label("From", exact=True).input_value() == str(begins), "what was quoted is what is proposed"
    bob.keep("renegotiation-quote")
    bob.page.get_by_label("Why", exact=True).fill("Acme asked for it.")
    bob.page.get_by_role("button", name="Propose", exact=True).click()
    bob.page.wait_for_url("**/proposals/*/")
    proposal = bob.page.url.removeprefix(bob.base_url)
    bob.keep("renegotiation-proposal")
    signed(people, proposal.strip("/").split("/")[-1], eventually)
    new = eventually(lambda: next((p for p in alice.get("/plans").body if p["plan_id"] != old["plan_id"]), None))
    planner = desk("alice")
    planner.open(f"/plans/{new['plan_id']}/")
    assert planner.page.get_by_text("Promises begin or end within the plan").is_visible()
    planner.keep("renegotiation-plan")
    assert bob.troubles == planner.troubles == []


def first_plan(people: dict[str, Program], eventually) -> dict:
    alice = people["alice"]
    # The facts that were loaded are adopted by the worker: until then there is nothing to plan.
    eventually(lambda: alice.get("/pools").body)
    assert alice.post("/plans", {"operation": "warehouse", "weeks": WEEKS}).status == 202
    plan = eventually(lambda: next(iter(alice.get("/plans").body), None))
    commit(people, plan, eventually)
    return plan


def state(alice: Program, plan: dict) -> str:
    return alice.get(f"/plans/{plan['plan_id']}").body["state"]


def commit(people: dict[str, Program], plan: dict, eventually) -> None:
    """Whoever may decide says yes to what policy did not settle by itself; then the plan is in force."""
    for card in people["carol"].get("/proposals?state=waiting").body:
        if card["subject"] == f"plan:{plan['plan_id']}":
            answer = people["carol"].post(f"/proposals/{card['proposal_id']}/approve", {"reason": "As agreed."})
            assert answer.status == 200, answer
    eventually(lambda: state(people["alice"], plan) == "committed")


def quoted(bob: Program, gina: Program, begins: date) -> dict:
    """The account manager sees the price and who would suffer; the customer sees nothing."""
    asked = {"operation": "warehouse", "account_number": "ACME", "threshold_minutes": 60, "target_share": 0.95}
    assert gina.post("/quotes", asked).status == 403
    answer = bob.post("/quotes", {**asked, "starts_on": str(begins)})
    assert answer.status == 200, answer
    quote = answer.body
    assert quote["withheld_pools"] == []
    assert quote["verdict"] == "others get less"
    assert [row["account_number"] for row in quote["sufferers"]] == ["CRUMB"], "whose hour short costs least"
    assert quote["others"] == 1
    assert quote["weeks_held"] == WEEKS - 2
    assert Decimal(quote["price"]) > 0
    early = [week for week in quote["pools"] if week["week_on"] < str(begins)]
    assert [(w["own_hours_more"], w["pool_hours_more"]) for w in early] == [(0.0, 0.0)] * 2
    return quote


def proposed(bob: Program, quote: dict, begins: date) -> str:
    answer = bob.post(
        f"/quotes/{quote['quote_id']}/propose", {"starts_on": str(begins), "reason": "Acme asked for it."}
    )
    assert answer.status == 201, answer
    proposal_id = answer.body["proposal_id"]
    card = bob.get(f"/proposals/{proposal_id}").body
    assert (card["kind"], card["state"]) == ("renegotiation", "waiting")
    assert Decimal(card["money_at_stake"]) == Decimal(quote["price"]) * 52
    own = bob.post(f"/proposals/{proposal_id}/approve", {"reason": "I sold it."})
    assert own.status == 403, "nobody approves their own"
    return proposal_id


def signed(people: dict[str, Program], proposal_id: str, eventually) -> None:
    """Four eyes: neither is the seller's. Once they agree the contract is signed and says so on its thread."""
    for name in ("hana", "carol"):
        if people["bob"].get(f"/proposals/{proposal_id}").body["state"] == "waiting":
            answer = people[name].post(f"/proposals/{proposal_id}/approve", {"reason": "Worth its price."})
            assert answer.status == 200, answer
    thread = people["bob"].get(f"/proposals/{proposal_id}").body["thread_id"]
    eventually(lambda: "contract.signed" in kinds(people["frank"], thread))
    terms = people["alice"].get("/terms?account_number=ACME").body
    assert {60.0, 7200.0} <= {term["threshold_minutes"] for term in terms if term["account_number"]}


def kinds(frank: Program, thread_id: str) -> list[str]:
    return [line["kind"] for line in frank.get(f"/threads/{thread_id}").body]


def the_difference_is_what_was_quoted(alice: Program, quote: dict, old: dict, new: dict, begins: date) -> None:
    """Demand is the same, so it is equal to the last cent and hour that the doors show: nothing else moved."""
    weeks = [{w["week_on"]: w for w in alice.get(f"/plans/{p['plan_id']}/weeks").body} for p in (old, new)]
    before, after = weeks
    for told in quote["pools"]:
        was, now = before[told["week_on"]], after[told["week_on"]]
        assert now["need_hours"] - was["need_hours"] == pytest.approx(told["pool_hours_more"], abs=1e-6)
        assert now["overtime_hours"] - was["overtime_hours"] == pytest.approx(told["overtime_hours_more"], abs=1e-6)
        if told["week_on"] < str(begins):
            assert was["need_hours"] == now["need_hours"]
    more = sum(Decimal(new[name]) - Decimal(old[name]) for name in ("overtime_cost", "shortfall_cost"))
    assert abs(more - Decimal(quote["cost_more"])) <= Decimal("0.02"), "each of four sums is rounded to its cent"
    own = [
        sum(c["need_hours"] for c in alice.get(f"/plans/{p['plan_id']}/claims?account_number=ACME").body)
        for p in (old, new)
    ]
    assert own[1] - own[0] == pytest.approx(quote["own_hours_more"], abs=1e-6)
    short = [{c["account_number"]: 0.0 for c in alice.get(f"/plans/{p['plan_id']}/claims").body} for p in (old, new)]
    for plan, sums in zip((old, new), short, strict=True):
        for claim in alice.get(f"/plans/{plan['plan_id']}/claims").body:
            sums[claim["account_number"]] += claim["short_hours"]
    for row in quote["sufferers"]:
        less = short[1][row["account_number"]] - short[0][row["account_number"]]
        assert less == pytest.approx(row["short_hours_more"], abs=0.2), "less than three minutes a week are no shortage"
    claims = alice.get(f"/plans/{new['plan_id']}/claims?account_number=ACME").body
    late = next(c for c in claims if c["week_on"] == str(begins))
    assert f"T-ACME from {begins}" in late["sentence"], "why: the version and from when it holds"


def prove_outside(frank: Program, quote: dict, proposal_id: str, plan: dict, eventually, folder: Path) -> None:
    """The receipt of each step holds outside; a spoilt one does not."""
    deal = frank.get(f"/proposals/{proposal_id}").body["thread_id"]
    steps = (
        (quote["thread_id"], "term.quoted"),
        (quote["thread_id"], "quote.proposed"),
        (deal, "contract.signed"),
        (plan["thread_id"], "plan.drafted"),
        (plan["thread_id"], "plan.committed"),
    )
    for thread, kind in steps:
        line = next(line for line in frank.get(f"/threads/{thread}").body if line["kind"] == kind)
        where = f"/ledger/{line['entry_id']}/receipt"
        receipt = eventually(lambda where=where: (a := frank.get(where)).status == 200 and a.body)
        receipts.hold_outside(receipt, kind, folder)
    receipts.spoilt_is_refused(receipt, folder)
    assert frank.get(f"/threads/{quote['thread_id']}/replay").body["same"], "the quote computes again to the same"
