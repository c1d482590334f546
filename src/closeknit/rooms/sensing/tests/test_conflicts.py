"""Two feeds that disagree on a field: found, told to the steward with a due time, ended by a rule or a steward."""

import pytest
from tests.cast import enter, sign_in

from closeknit.kernel.errors import Conflict as OutOfDate
from closeknit.kernel.errors import Denied, Invalid
from closeknit.rooms.decisions.models import Escalation, LedgerEntry
from closeknit.rooms.org.actions.appoint_steward import appoint_steward
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.find_conflicts import find_conflicts
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.actions.settle_conflict import settle_conflict
from closeknit.rooms.sensing.contracts import ConflictKind, ConflictState
from closeknit.rooms.sensing.mapping.disagreeing import FeedValues, recipes_disagree, values_disagree
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.tests.small import AT, RECIPE, call, load, write_calls
from closeknit.rooms.sensing.tests.test_doors import run

SECOND = RECIPE.replace("recipe: small", "recipe: second")


def said(text):
    found = recipes_disagree(read_recipe(RECIPE, "one"), read_recipe(text, "two"))
    return {(part.kind, part.field): (part.one_says, part.other_says) for part in found}


@pytest.mark.parametrize(
    ("was", "now", "kind", "field", "says"),
    [
        ("unit: seconds", "unit: minutes", ConflictKind.UNIT, "handle_minutes", ("seconds", "minutes")),
        ("Europe/Berlin", "UTC", ConflictKind.TIME_ZONE, "occurred_at", ("Europe/Berlin", "UTC")),
        ("account_number: account\n", "work_class: account\n", ConflictKind.NAME, "account", None),
        ("{topic: topic}", "{topic: {from: topic, type: number}}", ConflictKind.TYPE, "topic", ("text", "number")),
    ],
)
def test_two_recipes_that_disagree_say_in_what(was, now, kind, field, says):
    assert was in SECOND
    found = said(SECOND.replace(was, now))
    assert set(found) == {(kind, field)}
    assert says is None or found[kind, field] == says


def test_two_recipes_that_agree_say_nothing():
    assert said(SECOND) == {}
    assert (
        said(SECOND.replace("operation: {value: desk}", "operation: {value: other}").replace("Berlin", "Paris")) == {}
    )


def test_codes_that_mean_different_things_are_found():
    one = RECIPE.replace("tier: tier}", 'tier: {from: tier, words: {"1": key}}}')
    two = SECOND.replace("tier: tier}", 'tier: {from: tier, words: {"1": volume}}}')
    (part,) = recipes_disagree(read_recipe(one, "one"), read_recipe(two, "two"))
    assert (part.kind, part.one_says, part.other_says) == (ConflictKind.CODES, "key", "volume")


@pytest.mark.parametrize(
    ("mine", "theirs", "rule"),
    [
        ({"north", "south"}, {"NORTH", "South"}, "words: {'NORTH': north, 'South': south}"),
        ({"a", "b", "c"}, {"a", "b", "x"}, "words: {'x': …}"),
    ],
)
def test_codes_outside_the_others_list_are_found(mine, theirs, rule):
    one, two = (FeedValues("work:desk", {"region": frozenset(codes)}) for codes in (mine, theirs))
    (part,) = values_disagree(one, two)
    assert part.kind is ConflictKind.CODES
    assert rule in part.rule


@pytest.mark.parametrize("theirs", [{"a", "b"}, {"x", "y"}, set()])
def test_lists_that_merely_cover_other_places_are_no_conflict(theirs):
    one, two = (FeedValues("work:desk", {"region": frozenset(codes)}) for codes in ({"a", "b", "c"}, theirs))
    assert values_disagree(one, two) == []


@pytest.mark.parametrize(("median", "rows", "found"), [(300.0, 50, True), (300.0, 3, False), (7.0, 50, False)])
def test_numbers_of_another_scale_are_found(median, rows, found):
    one = FeedValues("work:desk", {}, {"handle_minutes": (5.0, 50)})
    parts = values_disagree(one, FeedValues("work:desk", {}, {"handle_minutes": (median, rows)}))
    assert [part.kind for part in parts] == [ConflictKind.UNIT] * found


@pytest.fixture
def conflict(tmp_path, alice):
    load(write_calls(tmp_path, [call(1)]), alice)
    register_feed(SECOND.replace("Europe/Berlin", "UTC"), place="second", by=alice, at=AT)
    assert find_conflicts("second", by=alice, at=AT) == 1
    (card,) = reads.list_conflicts(by=alice)
    return card


@pytest.mark.django_db
def test_a_conflict_waits_for_the_steward_of_its_data_until_a_due_time(tmp_path, alice, conflict):
    assert (conflict.kind, conflict.state, conflict.steward) == (ConflictKind.TIME_ZONE, ConflictState.WAITING, "")
    assert (conflict.due_at - conflict.found_at).total_seconds() == 72 * 3600
    assert conflict.is_overdue(conflict.due_at) is False
    assert Escalation.objects.get(cause=f"conflict:{conflict.conflict_id}").path == "schema-conflict"
    assert find_conflicts("second", by=alice, at=AT) == find_conflicts("small", by=alice, at=AT) == 0
    appoint_steward("alice", "demand", reason="So.", by=enter("erin"), at=AT)
    third = SECOND.replace("recipe: second", "recipe: third").replace("unit: seconds", "unit: hours")
    register_feed(third, place="third", by=alice, at=AT)
    find_conflicts("third", by=alice, at=AT)
    units = [card for card in reads.list_conflicts(feed="third", by=alice) if card.kind is ConflictKind.UNIT]
    assert {card.steward for card in units} == {"Alice Planner"}


@pytest.mark.django_db
def test_a_rule_in_a_recipe_ends_the_conflict(alice, conflict):
    register_feed(SECOND, place="second", by=alice, at=AT)
    assert find_conflicts("second", by=alice, at=AT) == 0
    assert reads.list_conflicts(by=alice) == []
    (card,) = reads.list_conflicts(also_settled=True, by=alice)
    assert card.state is ConflictState.RECONCILED
    assert Escalation.objects.get().state == "closed"
    kinds = LedgerEntry.objects.filter(kind__startswith="conflict.").values_list("kind", flat=True)
    assert sorted(kinds) == ["conflict.found", "conflict.reconciled"]
    register_feed(SECOND.replace("Europe/Berlin", "UTC"), place="second", by=alice, at=AT)
    assert find_conflicts("second", by=alice, at=AT) == 1


@pytest.mark.django_db
def test_what_a_steward_calls_right_stays_so(alice, frank, conflict):
    with pytest.raises(Denied):
        settle_conflict(conflict.conflict_id, why="So.", by=frank, at=AT)
    with pytest.raises(Invalid):
        settle_conflict(conflict.conflict_id, why=" ", by=alice, at=AT)
    card = settle_conflict(conflict.conflict_id, why="One desk is in London.", by=alice, at=AT)
    assert card.state is ConflictState.BOTH_RIGHT
    assert find_conflicts("small", by=alice, at=AT) == 0
    assert Escalation.objects.get().state == "closed"
    with pytest.raises(OutOfDate):
        settle_conflict(conflict.conflict_id, why="Again.", by=alice, at=AT)


@pytest.mark.django_db
def test_data_that_come_are_compared(tmp_path, alice):
    recipe = RECIPE.replace("is_return:", "region: topic\n      is_return:")
    second = recipe.replace("recipe: small", "recipe: second")
    load(write_calls(tmp_path, [call(1, topic="north"), call(2, topic="south")]), alice, recipe=recipe)
    folder = tmp_path / "second"
    folder.mkdir()
    load(write_calls(folder, [call(3, topic="NORTH"), call(4, topic="south")]), alice, recipe=second)
    assert find_conflicts("second", by=alice, at=AT) == 1
    (card,) = reads.list_conflicts(by=alice)
    assert (card.kind, card.field, card.other_says) == (ConflictKind.CODES, "region", "NORTH")


@pytest.mark.django_db(transaction=True)
def test_loading_and_changing_a_recipe_compare_by_themselves(tmp_path, alice):
    from closeknit.kernel import events

    load(write_calls(tmp_path, [call(1)]), alice)
    register_feed(SECOND.replace("Europe/Berlin", "UTC"), place="second", by=alice, at=AT)
    while events.deliver():
        continue
    assert [card.kind for card in reads.list_conflicts(by=alice)] == [ConflictKind.TIME_ZONE]


@pytest.mark.django_db
def test_page_api_and_command_line_show_and_settle(client, capsys, alice, conflict):
    sign_in(client, "alice")
    page = client.get("/feed-conflicts/").content.decode()
    assert "zone: Europe/Berlin" in page
    assert client.post("/feed-conflicts/compare/").status_code == 302
    assert client.get("/api/v1/feed-conflicts?feed=small").json()[0]["state"] == "waiting"
    assert client.get("/api/v1/feed-conflicts?feed=nothing").json() == []
    assert run(capsys, alice, "sensing", "conflicts")["conflicts"][0]["field"] == "occurred_at"
    form = {"why": "One desk is in London."}
    assert client.post(f"/feed-conflicts/{conflict.conflict_id}/settle/", form).status_code == 302
    assert "both-right" in client.get("/feed-conflicts/?settled=on").content.decode()
    assert client.post(f"/feed-conflicts/{conflict.conflict_id}/settle/", form).status_code == 409


@pytest.mark.django_db
def test_a_rule_is_seen_and_applied_on_the_page_by_the_api_and_on_the_command_line(client, capsys, alice, conflict):
    sign_in(client, "frank")
    at = f"/feed-conflicts/{conflict.conflict_id}/"
    assert client.post(f"{at}apply/", {"feed": "second", "why": "So."}).status_code == 403
    sign_in(client, "alice")
    page = client.get(at).content.decode()
    assert "zone: Europe/Berlin" in page
    assert "Let second follow small" in page
    refused = client.post(f"{at}apply/", {"feed": "third", "why": "So."})
    assert (refused.status_code, b"not in the conflict" in refused.content) == (422, True)
    assert client.post(f"{at}apply/", {"feed": "second"}).status_code == 422
    rules = client.get(f"/api/v1/feed-conflicts/{conflict.conflict_id}/rules").json()
    assert (rules[0]["feed"], rules[0]["after"]) == ("second", ["    zone: Europe/Berlin"])
    assert run(capsys, alice, "sensing", "conflict-rules", str(conflict.conflict_id))["rules"] == rules
    old = {"feed": "second", "seen_version": "0123456789ab", "why": "So."}
    url = f"/api/v1/feed-conflicts/{conflict.conflict_id}/rule"
    assert client.post(url, old, content_type="application/json").status_code == 409
    answer = client.post(f"{at}apply/", {"feed": "second", "seen_version": rules[0]["seen_version"], "why": "So."})
    assert answer.status_code == 302
    assert "reconciled" in client.get(at).content.decode()
    again = {"feed": "second", "why": "So."}
    assert client.post(url, again, content_type="application/json").status_code == 409
    register_feed(SECOND.replace("Europe/Berlin", "Europe/Paris"), place="second", by=alice, at=AT)
    find_conflicts("second", by=alice, at=AT)
    (card,) = reads.list_conflicts(by=alice)
    wish = ("sensing", "apply-rule", str(card.conflict_id), "small", "--why", "We moved.")
    assert run(capsys, alice, *wish)["conflict"]["state"] == "reconciled"
