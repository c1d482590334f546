"""A spike on a top account: raised, looked into, planned again, short, staff lent by other eyes' leave, kept again.

All of it over HTTP and with the real worker. Nothing moves before somebody else says yes; what the shortage promised
is what the next plan keeps; the receipts of each step hold for a program that has neither our database nor our code.
"""

import json
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests import receipts, two_halls
from tests.cast import token_of
from tests.small_company import DAYS, FIRST_ON
from tests.stories.conftest import Desk, Program

PERSONS = ("alice", "bob", "carol", "frank", "gina")
SPIKE_ON = FIRST_ON + timedelta(days=DAYS)
NEXT_ON = SPIKE_ON + timedelta(days=7)
USUAL, SPIKE, WEEKS = 0.6, 2.0, 2
FINDING = "They closed their own store and order everything from us until summer."
WHY = "Acme orders three times as much; the south hall has time to spare."


@pytest.fixture
def people(live_server, tmp_path, closeknit) -> dict[str, Program]:
    found = {name: Program(live_server.url, token_of(name)) for name in PERSONS}
    closeknit("load", two_halls.write_files(tmp_path, USUAL), tmp_path)
    return found


def test_a_spike_is_raised_explained_planned_for_staffed_by_leave_and_kept(people, worker, eventually, tmp_path):
    alice, bob = people["alice"], people["bob"]
    calm = first_plan(people, eventually)
    assert calm["short_hours"] == 0.0
    send_the_spike(alice)
    exception = eventually(lambda: next(iter(bob.get("/forecast-exceptions").body), None))
    override = looked_into(people, exception)
    plan = eventually(lambda: newer(alice, calm))
    assert plan["thread_id"] == override["thread_id"]
    assert plan["short_hours"] > 0
    commit(people, plan, eventually)
    shortage = opened(people, plan)
    proposal_id = reassigned(people, shortage, eventually)
    after = eventually(lambda: newer(alice, plan))
    assert after["short_hours"] == 0.0
    commit(people, after, eventually)
    kept = eventually(lambda: answered(alice, shortage))
    assert (kept["state"], "kept again" in kept["outcome_sentence"]) == ("recovered", True)
    for made in (plan, after):
        assert alice.get(f"/plans/{made['plan_id']}/replay").body["same"]
    steps = (
        (exception["thread_id"], "forecast-exception.raised"),
        (exception["thread_id"], "forecast-exception.closed"),
        (override["thread_id"], "forecast.overridden"),
        (plan["thread_id"], "plan.requested"),
        (plan["thread_id"], "plan.committed"),
        (shortage["thread_id"], "shortage.opened"),
        (shortage["thread_id"], "account.deprioritised"),
        (people["alice"].get(f"/proposals/{proposal_id}").body["thread_id"], "capacity-loan.approved"),
        (shortage["thread_id"], "staff.reassigned"),
        (after["thread_id"], "plan.committed"),
        (shortage["thread_id"], "recovery.checked"),
    )
    prove_outside(people["frank"], steps, eventually, tmp_path)


@pytest.mark.browser
def test_the_same_by_hand_from_the_finding_to_the_recovery(people, worker, eventually, desk):
    alice = people["alice"]
    calm = first_plan(people, eventually)
    send_the_spike(alice)
    exception = eventually(lambda: next(iter(alice.get("/forecast-exceptions").body), None))
    seller = desk("bob")
    finds_out_why(seller, exception, overridden(people["bob"]))
    plan = eventually(lambda: newer(alice, calm))
    commit(people, plan, eventually)
    planner = desk("alice")
    proposal = lends_staff(planner, plan)
    lead = desk("carol")
    lead.open(proposal)
    lead.page.get_by_placeholder("Reason").fill("Until summer.")
    lead.page.get_by_role("button", name="Approve").click()
    lead.page.get_by_text("Carol Lead approved").first.wait_for()
    keep_both(lead, "spike-approved")
    after = eventually(lambda: newer(alice, plan))
    commit(people, after, eventually)
    shortage = alice.get("/shortages").body[0]
    eventually(lambda: answered(alice, shortage))
    planner.open(f"/shortages/{shortage['shortage_id']}/")
    assert planner.page.get_by_text("everyone was kept again").is_visible()
    keep_both(planner, "spike-recovered")
    assert seller.troubles == planner.troubles == lead.troubles == []


def finds_out_why(seller: Desk, exception: dict, override: dict) -> None:
    page = seller.page
    seller.open(f"/demand/exceptions/{exception['exception_id']}/")
    keep_both(seller, "spike-exception")
    page.get_by_label("What it was").select_option("lasting change")
    page.get_by_label("What you found").fill(FINDING)
    page.get_by_label("Done about it").select_option("override")
    page.get_by_label("Its number or name").fill(override["override_id"])
    page.get_by_role("button", name="Close with this finding").click()
    page.get_by_role("heading", name="What was found").wait_for()


def lends_staff(planner: Desk, plan: dict) -> str:
    """Alice goes from the plan that leaves ACME short to a proposal; return its address."""
    page = planner.page
    planner.open(f"/plans/{plan['plan_id']}/")
    page.get_by_role("link", name="What would end it?").click()
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("heading", name="What would end it").wait_for()
    assert page.get_by_role("row", name="South hall North hall").is_visible()
    keep_both(planner, "spike-shortage")
    page.get_by_label("Why", exact=True).fill(WHY)
    page.get_by_role("button", name="Propose", exact=True).click()
    page.wait_for_url("**/proposals/*/")
    return page.url.removeprefix(planner.base_url)


def keep_both(place: Desk, name: str) -> None:
    """Keep the page as it looks in both themes."""
    for scheme in ("dark", "light"):
        place.page.emulate_media(color_scheme=scheme)
        place.scheme = scheme
        place.keep(name)


def first_plan(people: dict[str, Program], eventually) -> dict:
    alice = people["alice"]
    # The facts that were loaded are adopted by the worker: until then there is nothing to plan.
    eventually(lambda: alice.get("/pools").body)
    assert alice.post("/plans", {"operation": "warehouse", "weeks": WEEKS}).status == 202
    plan = eventually(lambda: next(iter(alice.get("/plans").body), None))
    commit(people, plan, eventually)
    return plan


def newer(alice: Program, plan: dict) -> dict | None:
    newest = alice.get("/plans").body[0]
    return newest if newest["plan_id"] != plan["plan_id"] else None


def commit(people: dict[str, Program], plan: dict, eventually) -> None:
    """Whoever may decide says yes to what policy did not settle by itself; then the plan is in force."""
    for card in people["carol"].get("/proposals?state=waiting").body:
        if card["subject"] == f"plan:{plan['plan_id']}":
            answer = people["carol"].post(f"/proposals/{card['proposal_id']}/approve", {"reason": "Known."})
            assert answer.status == 200, answer
    eventually(lambda: people["alice"].get(f"/plans/{plan['plan_id']}").body["state"] == "committed")


def send_the_spike(alice: Program) -> None:
    """The week comes in as the shop's own system sends it: line by line over HTTP."""
    rows = two_halls.orders(DAYS, 7, SPIKE)
    call = Request(
        f"{alice.base_url}/api/v1/feeds/two-halls/batches?stream=orders",
        data="\n".join(json.dumps(row) for row in rows).encode(),
        headers={"Authorization": f"Bearer {alice.token}", "Content-Type": "application/x-ndjson"},
        method="POST",
    )
    with urlopen(call, timeout=240) as response:
        assert json.loads(response.read())["counts"]["accepted"] == len(rows)


def looked_into(people: dict[str, Program], exception: dict) -> dict:
    """Bob asks Acme, says what will come, which has it planned again, and closes the exception with his finding."""
    bob = people["bob"]
    path = f"/forecast-exceptions/{exception['exception_id']}"
    assert (exception["account_number"], exception["week_on"]) == ("ACME", str(SPIKE_ON))
    assert exception["deviation_share"] > 1.5
    assert people["gina"].get(path).status == 403
    assert bob.post(f"{path}/close", {"finding": "lasting change", "text": " "}).status == 422
    override = overridden(bob)
    found = {"finding": "lasting change", "text": FINDING, "follow_up": "override"}
    closed = bob.post(f"{path}/close", {**found, "follow_up_id": override["override_id"]})
    assert (closed.status, closed.body["state"]) == (200, "closed"), closed
    return override


def overridden(bob: Program) -> dict:
    """Bob says what Acme will order; a new forecast and plan follow."""
    weekly = sum(int(row["lines"]) for row in two_halls.orders(DAYS, 7, SPIKE) if row["account"] == "ACME")
    made = bob.post(
        "/overrides",
        {
            "operation": "warehouse",
            "account_number": "ACME",
            "kind": "set-per-week",
            "size": weekly,
            "from_on": str(NEXT_ON),
            "to_on": str(NEXT_ON + timedelta(days=70)),
            "expires_on": str(NEXT_ON + timedelta(days=70)),
            "reason_kind": "customer-said",
            "reason": FINDING,
        },
    )
    assert made.status == 201, made
    return made.body


def opened(people: dict[str, Program], plan: dict) -> dict:
    """Who gives way, by which rule, at what price, until when; the seller sees his account and nobody else's hours."""
    alice, bob = people["alice"], people["bob"]
    assert bob.post("/shortages", {"operation": "warehouse"}).status == 403
    answer = alice.post("/shortages", {"operation": "warehouse"})
    assert answer.status == 200, answer
    shortage = answer.body
    assert (shortage["plan_id"], shortage["state"]) == (plan["plan_id"], "open")
    assert shortage["short_hours"] == pytest.approx(plan["short_hours"])
    assert {claim["account_number"] for claim in shortage["claims"]} == {"ACME"}
    assert all(float(week["one_more_unit_worth"]) > 0 for week in shortage["prices"])
    assert [(move["from_pool"], move["to_pool"]) for move in shortage["moves"]] == [("south", "north")]
    assert (shortage["recovery_on"], shortage["recovery_without_on"]) == (str(NEXT_ON), None)
    mine = bob.get(f"/shortages/{shortage['shortage_id']}").body
    assert (mine["short_hours"], mine["moves"], mine["cost_before"]) == (None, [], None)
    assert people["gina"].get(f"/shortages/{shortage['shortage_id']}").status == 403
    return shortage


def reassigned(people: dict[str, Program], shortage: dict, eventually) -> str:
    """Nobody moves before another says yes; then they do, and it is planned again."""
    alice, path = people["alice"], f"/shortages/{shortage['shortage_id']}"
    assert alice.post(f"{path}/propose", {"reason": " "}).status == 422
    asked = alice.post(f"{path}/propose", {"reason": WHY})
    assert asked.status == 201, asked
    proposal_id = asked.body["proposal_id"]
    card = alice.get(f"/proposals/{proposal_id}").body
    assert (card["kind"], card["state"]) == ("capacity-loan", "waiting")
    own = alice.post(f"/proposals/{proposal_id}/approve", {"reason": "My own."})
    assert own.status == 403, "nobody approves their own"
    assert alice.get(path).body["in_force_at"] is None, "nothing before it is approved"
    answer = people["carol"].post(f"/proposals/{proposal_id}/approve", {"reason": "Until summer."})
    assert answer.status == 200, answer
    now = eventually(lambda: (s := alice.get(path).body)["state"] == "in force" and s)
    assert (now["decided_by"], bool(now["replan_thread_id"])) == ("Carol Lead", True)
    return proposal_id


def answered(alice: Program, shortage: dict) -> dict | None:
    found = alice.get(f"/shortages/{shortage['shortage_id']}").body
    return found if found["checked_at"] else None


def prove_outside(frank: Program, steps: tuple[tuple[str, str], ...], eventually, folder: Path) -> None:
    """The receipt of each step holds outside; a spoilt one does not."""
    for number, (thread, kind) in enumerate(steps):
        lines = frank.get(f"/threads/{thread}").body
        line = next((line for line in lines if line["kind"] == kind), None)
        assert line, (kind, [line["kind"] for line in lines])
        where = f"/ledger/{line['entry_id']}/receipt"
        receipt = eventually(lambda where=where: (a := frank.get(where)).status == 200 and a.body)
        receipts.hold_outside(receipt, f"{number}-{kind}", folder)
    receipts.spoilt_is_refused(receipt, folder)
