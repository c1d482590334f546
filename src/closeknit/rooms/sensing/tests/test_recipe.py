import pytest

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import FactKind
from closeknit.rooms.sensing.mapping.recipe import find_recipe_text, read_recipe, shipped_recipes
from closeknit.rooms.sensing.tests.small import RECIPE


def refused(text):
    with pytest.raises(Invalid) as caught:
        read_recipe(text, "mine.yaml")
    return caught.value


def test_every_shipped_recipe_is_sound_and_says_what_it_assumes():
    assert shipped_recipes() == ["city-311", "contact-center", "incidents", "online-retail", "sample-company"]
    for name in shipped_recipes():
        recipe = read_recipe(*find_recipe_text(name))
        assert recipe.name == name
        assert bool(recipe.assumed_facts) == bool(recipe.assumptions)


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ("occurred_at: at", "occured_at: at", "occured_at", "mine.yaml, line 20: streams[1].fields"),
        ("into: work", "into: worc", "worc", "streams[1]"),
        ("service: {value: phone}", "service: {vale: phone}", "vale", "fields.service"),
        ("key: [id]", "key: id", "key", "streams[1]"),
        ("{kind: test}", "{kind: {looks_like: test}}", "looks_like", "refuse[0]"),
        ("Europe/Berlin", "Europe/Berlim", "Berlim", "line 4"),
        ("title: Small", "title: Small\ntitle: Twice", "twice", "line 4"),
        ("unit: seconds", "unit: fortnights", "fortnights", "handle_minutes"),
        ("target_share: 0.8,", "target_share: 80,", "80", "assumed_facts.term"),
        ("strategic: 0.25", "golden: 0.25", "golden", "accounts"),
        ("quantity: {from: calls, required: true}", "channel: calls", "quantity", "fields"),
        ("recipe: small", "recipe: [", "not YAML", "line"),
    ],
)
def test_a_mistake_is_named_with_its_place(old, new, what, where):
    failure = refused(RECIPE.replace(old, new, 1))
    assert what in failure.what
    assert "mine.yaml" in failure.where
    assert where in failure.where or where in failure.what


def test_a_near_miss_gets_a_suggestion():
    assert "occurred_at" in refused(RECIPE.replace("occurred_at:", "occured_at:")).todo


def test_yaml_has_no_surprises():
    text = RECIPE.replace("title: Small", "title: no").replace("[Everything is small.]", "[09:30, 0123, 1e3]")
    recipe = read_recipe(text, "mine.yaml")
    assert recipe.title == "no"
    assert recipe.assumptions == ("09:30", "0123", "1e3")


def test_a_list_of_weekdays_states_one_roster_each():
    hours = 'starts_local: "08:00", ends_local: "16:00"'
    roster = f"\n  roster:\n    - {{pool: p, weekday: [0, 6], {hours}, headcount: 2, from_on: 2026-01-01}}\n"
    recipe = read_recipe(RECIPE.rstrip() + roster, "mine.yaml")
    rosters = [fact for fact in recipe.assumed_facts if fact.kind is FactKind.ROSTER]
    assert [fact.body["weekday"] for fact in rosters] == [0, 6]
    assert rosters[0].key == "p|0|08:00|2026-01-01"
