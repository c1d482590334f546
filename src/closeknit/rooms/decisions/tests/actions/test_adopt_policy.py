"""Another decision table: adopted by an administrator with a reason, recorded, and every old one kept."""

import pytest

from closeknit.kernel.errors import Conflict, Denied, Invalid
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.adopt_policy import adopt_policy
from closeknit.rooms.decisions.compute import shipped_table
from closeknit.rooms.decisions.tests.proposing import DECIDED_AT, propose

SHIPPED = shipped_table().text
STRICTER = SHIPPED.replace("version: approvals/1", "version: ours/1").replace("at_least: 0.95", "at_least: 0.995")


def adopt(by, text=STRICTER, reason="Too many plans were thin."):
    return adopt_policy(text, reason=reason, by=by, at=DECIDED_AT)


def test_what_is_adopted_routes_from_then_on_and_each_proposal_keeps_its_version(erin, alice):
    first = propose(alice)
    thread_id = adopt(erin)
    second = propose(alice, subject="plan:2")
    cards = [reads.get_proposal(number, by=alice) for number in (first, second)]
    assert [(c.policy_version, c.policy_row, c.state) for c in cards] == [
        ("approvals/1", 1, "approved"),
        ("ours/1", 2, "waiting"),
    ]
    versions = reads.list_policy_versions(by=alice)
    assert [(v.version, v.in_force) for v in versions] == [("ours/1", True), ("approvals/1", False)]
    (line,) = reads.get_thread(thread_id, by=erin)
    assert line.kind == "policy.adopted"
    assert line.evidence["text"] == STRICTER
    assert reads.get_policy(by=alice).version == "ours/1"
    assert reads.get_policy("approvals/1", by=alice).text == SHIPPED


@pytest.mark.parametrize(
    ("text", "reason", "failure"),
    [
        (STRICTER, " ", Invalid),
        (STRICTER.replace("rules: hold", "rules: fail", 1), "So.", Invalid),
        (STRICTER.replace("capacity-loan:", "loan:"), "So.", Invalid),
        ("version: x", "So.", Invalid),
        (SHIPPED.replace("at_most: 8", "at_most: 80"), "So.", Conflict),
    ],
)
def test_a_table_that_is_not_strict_or_not_new_changes_nothing(erin, alice, text, reason, failure):
    propose(alice)
    with pytest.raises(failure):
        adopt(erin, text, reason)
    assert reads.get_policy(by=alice).version == "approvals/1"


def test_only_an_administrator_adopts(alice, carol, bob):
    for person in (alice, carol, bob):
        with pytest.raises(Denied):
            adopt(person)
