"""From two sources that disagree to a tier that moves: every step by HTTP, with the real worker, down to the rows.

Two systems disagree about an account; its page shows whose word counts. A wrong merge makes two accounts one, and is
split again without loss. Somebody says that a fact is wrong, its steward corrects it. The account is scored anew, its
demotion waits for people, is approved, and the ledger tells it all.
"""

from decimal import Decimal

import pytest
from tests.cast import enter
from tests.stories.conftest import Program

BEFORE, AFTER = "2026-03-01", "2026-03-02"


@pytest.fixture
def people(live_server, closeknit, company):
    """The sample company, loaded; Alice keeps its data, Carol approves, Frank audits."""
    closeknit("load", "sample-company", company)
    for username in ("alice", "carol", "hana", "frank"):
        enter(username)
    return {name: program(live_server, name) for name in ("alice", "carol", "hana", "frank")}


def program(live_server, username: str) -> Program:
    """A program with a token for all that this person may do."""
    from closeknit.rooms.org.actions.issue_token import issue_token
    from closeknit.rooms.org.contracts import NEVER_BY_TOKEN, Permission

    actor = enter(username)
    scopes = {p for p in Permission if actor.may(p)} - NEVER_BY_TOKEN
    return Program(live_server.url, issue_token(label="story", scopes=scopes, by=actor).token)


def test_sources_disagree_a_merge_is_undone_a_fact_is_put_right_and_the_tier_moves(
    people, closeknit, worker, eventually
):
    alice, carol, hana, frank = (people[name] for name in ("alice", "carol", "hana", "frank"))
    eventually(lambda: len(alice.get("/accounts?limit=100").body) >= 50)
    number, field = eventually(lambda: sources_disagree(alice))
    other = some_other_account(alice, number)
    merge_id = wrongly_merged(alice, carol, hana, number, other, eventually)
    closeknit("customers", "values", "refresh", "--on", BEFORE)
    merged = alice.get(f"/account-score?account_number={number}&on={BEFORE}").body
    split_again(alice, merge_id, number, other)
    put_right(alice, closeknit, number, field)
    closeknit("org", "settings", "set", "customers.tiers_follow_scores", "yes", "--reason", "Two months of trust.")
    closeknit("customers", "values", "refresh", "--on", AFTER)
    alone = alice.get(f"/account-score?account_number={number}&on={AFTER}").body
    the_score_moved_and_says_why(merged, alone)
    it_stands_on_rows_and_rows_lead_to_it(alice, alone["run_id"], number)
    a_demotion_waits_and_is_approved(alice, carol, frank, eventually)


def sources_disagree(alice: Program) -> tuple[str, str] | None:
    """An account of which two systems say different things; the one whose word counts is named, with file and line."""
    for account in alice.get("/accounts?limit=100").body:
        profile = alice.get(f"/account-profiles/{account['account_number']}").body
        for field in profile["fields"]:
            kept = field["survives"]
            others = [
                claim for claim in field["others"] if claim["value"] and claim["value"] != (kept or {}).get("value")
            ]
            if kept and kept["value"] and others and field["field"] in ("city", "street", "name"):
                assert kept["system"] != others[0]["system"] or kept["record_key"] != others[0]["record_key"]
                assert field["rule"]
                assert kept["source_name"].endswith(".csv")
                assert kept["line"] > 1
                return account["account_number"], field["field"]
    return None


def some_other_account(alice: Program, number: str) -> str:
    """Another account with orders, which is in truth another customer."""
    found = [a["account_number"] for a in alice.get("/accounts?limit=100").body if a["account_number"] != number]
    return found[len(found) // 2]


def wrongly_merged(alice: Program, carol: Program, hana: Program, number: str, other: str, eventually) -> str:
    """Alice takes two accounts for one; of a top tier, Carol and Hana agree. Both numbers answer alike."""
    said = alice.post(
        "/account-merges", {"kept_number": number, "absorbed_number": other, "reason": "Same letterhead."}
    )
    assert said.status == 201, said
    card = alice.get(f"/proposals/{said.body['proposal_id']}").body
    if card["state"] == "waiting":
        for approver in (carol, hana):
            agreed = approver.post(f"/proposals/{card['proposal_id']}/approve", {"reason": "Looks alike."})
            assert agreed.status in (200, 201), agreed
    (merge,) = eventually(lambda: alice.get(f"/account-merges?account_number={number}").body)
    assert alice.get(f"/accounts/{other}").body["account_number"] == number
    assert alice.get("/golden-numbers").body == {other: number}
    return merge["merge_id"]


def split_again(alice: Program, merge_id: str, number: str, other: str) -> None:
    """The merge was wrong: what each was is there again, and what the merge was stays readable."""
    said = alice.post(f"/account-merges/{merge_id}/split", {"reason": "Two companies in one building."})
    assert said.status == 200, said
    assert said.body["split_at"]
    for each in (number, other):
        assert alice.get(f"/accounts/{each}").body["account_number"] == each
    assert alice.get("/golden-numbers").body == {}


def put_right(alice: Program, closeknit, number: str, field: str) -> None:
    """Somebody says that a fact is wrong; whoever answers for it corrects it, and nobody's word is lost."""
    before = of_field(alice, number, field)
    said = alice.post(
        "/disputes", {"account_number": number, "field": field, "text": "They told me.", "suggested": "Elsewhere"}
    )
    assert said.status == 201, said
    assert said.body["state"] == "open"
    assert said.body["due_at"]
    answered = alice.post(
        f"/disputes/{said.body['dispute_id']}/answer", {"corrected": "Elsewhere", "answer": "I asked their office."}
    )
    assert answered.status == 200, answered
    now = of_field(alice, number, field)
    assert now["survives"]["value"] == "Elsewhere"
    assert before["survives"]["value"] in {claim["value"] for claim in now["others"]}
    (listed,) = closeknit("customers", "disputes", "list", "--account", number)["disputes"]
    assert listed["state"] == "corrected"


def of_field(alice: Program, number: str, name: str) -> dict:
    """One field of the profile."""
    profile = alice.get(f"/account-profiles/{number}").body
    return next(field for field in profile["fields"] if field["field"] == name)


def the_score_moved_and_says_why(merged: dict, alone: dict) -> None:
    """Terms add up, and differ because what the other one ordered is its own again."""
    for score in (merged, alone):
        assert sum(term["thousandths"] for term in score["terms"]) == Decimal(score["score"]) * 1000
    assert alone["previous_on"] == BEFORE
    moved = Decimal(alone["score"]) - Decimal(merged["score"])
    assert moved != 0
    assert sum(Decimal(move["points"]) for move in alone["moves"]) == moved


def it_stands_on_rows_and_rows_lead_to_it(alice: Program, run_id: str, number: str) -> None:
    """A week's values go back to loads and the account's own rows; a row of these goes forward to them."""
    back = alice.get(f"/lineage/values/{run_id}?account_number={number}&limit=1000").body
    assert [node["kind"] for node in back["nodes"]] == ["values"]
    assert {row["account_number"] for row in back["rows"]} == {number}
    assert {row["batch_id"] for row in back["rows"]} <= {batch["batch_id"] for batch in back["batches"]}
    assert all(row["occurred_at"] < f"{AFTER}T00:00:00" for row in back["rows"])
    row = back["rows"][0]
    asked = f"feed={row['feed']}&batch_id={row['batch_id']}&line={row['line']}&file_number={row['file_number']}"
    forward = alice.get(f"/lineage/rows?{asked}").body
    assert run_id in {node["node_id"] for node in forward["nodes"]}
    events = alice.get(f"/lineage/values/{run_id}/openlineage").body
    assert {read["name"] for read in events[-1]["inputs"]} == {
        f"sensing.work.{b['operation']}" for b in back["batches"]
    }


def a_demotion_waits_and_is_approved(alice: Program, carol: Program, frank: Program, eventually) -> None:
    """Who would leave a top tier waits for people; approved, it moves, and the ledger has every step."""
    weeks = alice.get(f"/tier-weeks?on={AFTER}&limit=1000").body
    # Of an old year's data every change waits; a demotion out of a top tier waits whatever the data's age.
    waiting = [week for week in weeks if week["proposal_state"] == "waiting" and week["tier"] in ("strategic", "key")]
    assert waiting, "nobody of the top tiers scores below its tier"
    week = next(each for each in waiting if (each["tier"], each["says"]) != ("key", "strategic"))
    assert week["because"]
    number = week["account_number"]
    said = carol.post(f"/proposals/{week['proposal_id']}/approve", {"reason": "Right."})
    assert said.status in (200, 201), said
    account = eventually(lambda: (a := alice.get(f"/accounts/{number}").body)["tier"] == week["says"] and a)
    assert account["tier_reason"]
    thread = alice.get(f"/proposals/{week['proposal_id']}").body["thread_id"]
    kinds = {line["kind"] for line in frank.get(f"/threads/{thread}").body}
    assert {"account.tier_changed"} & kinds or any("tier" in kind for kind in kinds), kinds
    about = {line["kind"] for line in frank.get(f"/ledger?account_number={number}&limit=100").body}
    assert any("tier" in kind for kind in about), about
