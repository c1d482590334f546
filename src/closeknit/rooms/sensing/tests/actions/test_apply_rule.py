"""A rule that makes one feed follow the other: written by a button, ended by itself, taken up by the next load."""

from uuid import UUID

import pytest

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict as OutOfDate
from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.decisions.models import Escalation, LedgerEntry
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.apply_rule import apply_rule
from closeknit.rooms.sensing.actions.find_conflicts import find_conflicts
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.contracts import ConflictKind, ConflictState, Disagreement
from closeknit.rooms.sensing.mapping.disagreeing import recipes_disagree
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.mapping.ruling import ruled
from closeknit.rooms.sensing.models import Feed, WorkRow
from closeknit.rooms.sensing.tests.small import AT, RECIPE, call, load, write_calls

SECOND = RECIPE.replace("recipe: small", "recipe: second")
WORDS = 'tier: {from: tier, words: {"1": %s}}}'
DISAGREEING = [
    ("unit: seconds", "unit: minutes"),
    ("Europe/Berlin", "UTC"),
    ("account_number: account\n", "work_class: account\n"),
    ("{topic: topic}", "{topic: {from: topic, type: number}}"),
    ("tier: tier}", WORDS % "volume"),
]


@pytest.mark.parametrize(("was", "now"), DISAGREEING)
@pytest.mark.parametrize("is_one", [True, False])
def test_a_rule_ends_what_two_recipes_disagree_in_and_leaves_the_rest_as_it_is(was, now, is_one):
    mine = RECIPE.replace("tier: tier}", WORDS % "key") if "tier" in was else RECIPE
    one, other = read_recipe(mine, "one"), read_recipe(SECOND.replace(was, now), "two")
    (part,) = recipes_disagree(one, other)
    changed, follows = (one, other) if is_one else (other, one)
    text = ruled(changed, follows, part, {}, is_one=is_one)
    better = read_recipe(text, "better")
    assert (recipes_disagree(better, other) if is_one else recipes_disagree(one, better)) == []
    lines = set(text.splitlines()) ^ set(changed.text.splitlines())
    assert 1 <= len(lines) <= 4
    assert recipes_disagree(changed, follows) != []


@pytest.mark.parametrize(
    ("rule", "is_one", "unit"),
    [("seconds", False, "seconds"), ("hours", False, "hours"), ("seconds", True, "hours"), ("hours", True, "seconds")],
)
def test_a_scale_of_another_unit_becomes_that_unit(rule, is_one, unit):
    plain = RECIPE.replace("{from: seconds, unit: seconds}", "seconds")
    said = f"handle_minutes: {{from: …, unit: {rule}}}"
    part = Disagreement(ConflictKind.UNIT, "work:desk", "handle_minutes", "median 5", "median 300", "", said)
    recipe = read_recipe(plain, "one")
    text = ruled(recipe, recipe, part, {}, is_one=is_one)
    assert f"handle_minutes: {{from: seconds, unit: {unit}}}" in text
    with pytest.raises(Invalid, match="No rule follows"):
        ruled(read_recipe(RECIPE, "one"), recipe, part, {}, is_one=is_one)


def test_codes_take_the_others_words_and_keep_their_own():
    words = "region: {from: account, words: {n: NORTH}}\n"
    recipe = read_recipe(RECIPE.replace("account_number: account\n", words), "one")
    follows = read_recipe(RECIPE.replace("account_number: account\n", "region: account\n"), "two")
    part = Disagreement(ConflictKind.CODES, "work:desk", "region", "", "", "", "")
    text = ruled(recipe, follows, part, {"NORTH": "north", 'No, "so": {': "south"}, is_one=True)
    words = read_recipe(text, "better").stream_named("calls").fields["region"]["words"]
    assert words == {"n": "north", "NORTH": "north", 'No, "so": {': "south"}


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("account_number: account\n", "work_class: account\n      account_number: kind\n", "takes account_number"),
        ("fields:\n      operation", "fields: &all\n      operation", "several places"),
    ],
)
def test_what_needs_a_person_is_refused(was, now, says):
    plain = RECIPE.replace("account_number: account\n", "work_class: account\n") if "several" in says else RECIPE
    part = Disagreement(ConflictKind.NAME, "work:desk", "account", "", "", "", "")
    with pytest.raises(Invalid, match=says):
        ruled(read_recipe(plain.replace(was, now), "one"), read_recipe(RECIPE, "two"), part, {}, is_one=True)


@pytest.fixture
def conflict(tmp_path, alice):
    load(write_calls(tmp_path, [call(1)]), alice)
    register_feed(SECOND.replace("Europe/Berlin", "UTC"), place="second", by=alice, at=AT)
    find_conflicts("second", by=alice, at=AT)
    (card,) = reads.list_conflicts(by=alice)
    return card


@pytest.mark.django_db
def test_the_rule_is_shown_applied_and_told(alice, conflict):
    other, one = reads.list_rule_changes(conflict.conflict_id, by=alice)
    assert (other.feed, other.follows, one.feed, one.follows) == ("second", "small", "small", "second")
    assert (other.after, other.before, other.why_not) == (("    zone: Europe/Berlin",), (), "")
    before = Feed.objects.get(name="second").recipe_version
    card = apply_rule(conflict.conflict_id, "second", why="All desks are in Berlin.", by=alice, at=AT)
    assert (card.state, card.settled_by) == (ConflictState.RECONCILED, alice.name)
    feed = Feed.objects.get(name="second")
    assert feed.recipe_version != before
    assert read_recipe(feed.recipe_text, "second").stream_named("calls").form.zone == "Europe/Berlin"
    assert Escalation.objects.get().state == "closed"
    kinds = list(LedgerEntry.objects.filter(thread_id=conflict.thread_id).order_by("id").values_list("kind", flat=True))
    assert [kind for kind in kinds if kind.startswith("conflict.")] == [
        "conflict.found",
        "conflict.rule-applied",
        "conflict.reconciled",
    ]
    with pytest.raises(OutOfDate):
        apply_rule(conflict.conflict_id, "second", why="Again.", by=alice, at=AT)


@pytest.mark.django_db
def test_the_other_feed_may_be_the_one_that_follows(alice, conflict):
    apply_rule(conflict.conflict_id, "small", why="All desks are in London.", by=alice, at=AT)
    assert read_recipe(Feed.objects.get(name="small").recipe_text, "s").stream_named("calls").form.zone == "UTC"
    assert reads.list_conflicts(by=alice) == []


@pytest.mark.django_db
def test_what_cannot_be_applied_changes_nothing(alice, frank, conflict):
    before = Feed.objects.get(name="second").recipe_version
    for by, feed, why, seen, failure in (
        (frank, "second", "So.", "", Denied),
        (alice, "third", "So.", "", Invalid),
        (alice, "second", " ", "", Invalid),
        (alice, "second", "So.", "0123456789ab", OutOfDate),
    ):
        with pytest.raises(failure):
            apply_rule(conflict.conflict_id, feed, seen_version=seen, why=why, by=by, at=AT)
    with pytest.raises(NotFound):
        apply_rule(UUID(int=7), "second", why="So.", by=alice, at=AT)
    with pytest.raises(NotFound):
        reads.list_rule_changes(UUID(int=7), by=alice)
    with pytest.raises(Denied):
        reads.list_rule_changes(conflict.conflict_id, by=Actor(key="nobody", name="Nobody"))
    assert Feed.objects.get(name="second").recipe_version == before
    assert reads.get_conflict(conflict.conflict_id, by=alice).state is ConflictState.WAITING


@pytest.mark.django_db
def test_codes_of_the_data_wait_for_newer_rows_and_refused_ones_come_in_with_the_next_load(tmp_path, alice):
    recipe = RECIPE.replace("is_return:", "region: topic\n      is_return:")
    second = recipe.replace("recipe: small", "recipe: second")
    load(write_calls(tmp_path, [call(1, topic="north"), call(2, topic="south")]), alice, recipe=recipe)
    folder = tmp_path / "second"
    folder.mkdir()
    load(write_calls(folder, [call(3, topic="NORTH"), call(4, topic="south")]), alice, recipe=second)
    find_conflicts("second", by=alice, at=AT)
    (conflict,) = reads.list_conflicts(by=alice)
    card = apply_rule(conflict.conflict_id, "second", why="One spelling.", by=alice, at=AT)
    assert card.state is ConflictState.WAITING
    text = Feed.objects.get(name="second").recipe_text
    load(write_calls(folder, [call(5, topic="NORTH")], "calls5.csv"), alice, recipe=text)
    assert WorkRow.objects.get(key="5").region == "north"
