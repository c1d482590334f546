"""The rule that makes one recipe follow another where the two disagree, written into its text. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import ConflictKind, Disagreement
from closeknit.rooms.sensing.mapping.disagreeing import columns_of_fields, modifier_of, target_of
from closeknit.rooms.sensing.mapping.editing import BY_HAND, Edit, edited, plain
from closeknit.rooms.sensing.mapping.recipe import Recipe, Stream, read_recipe

UNITS = {"unit": "minutes", "percent": "false"}
_GUESSED = re.compile(r"unit: (seconds|hours|days)\}$")
_OTHER_WAY = {"seconds": "hours", "hours": "seconds"}
Say = Callable[[Stream, Stream, Disagreement, Mapping[str, str], bool], list[tuple[tuple[str, ...], Any, str]]]


def ruled(recipe: Recipe, follows: Recipe, part: Disagreement, codes: Mapping[str, str], *, is_one: bool) -> str:
    """Return a recipe's text with the rule by which it says what another recipe says.

    `codes` are the words that its rows write otherwise, with the other's; `is_one`: it is the first of the two feeds
    of the disagreement.

    Raises:
        Invalid: where no such rule can be written without knowing more than both recipes and their data say.
    """
    edits = list(_edits(recipe, follows, part, codes, is_one))
    if not edits:
        raise Invalid("No rule follows from what both feeds say.", where=part.field, todo=BY_HAND)
    text = edited(recipe.text, edits)
    read_recipe(text, f"recipe of {recipe.name} with the rule")
    return text


def _edits(
    recipe: Recipe, follows: Recipe, part: Disagreement, codes: Mapping[str, str], is_one: bool
) -> Iterator[Edit]:
    say = _SAYINGS[part.kind]
    for number, stream in enumerate(recipe.streams):
        if target_of(stream) != part.target:
            continue
        for other in follows.streams:
            if target_of(other) == part.target and (found := say(stream, other, part, codes, is_one)):
                yield from (Edit(number, path, value, rename) for path, value, rename in found)
                break


def _zone(mine: Stream, theirs: Stream, *_: Any) -> list[tuple[tuple[str, ...], Any, str]]:
    zone = theirs.form.zone
    return [] if mine.form.zone == zone else [(("zone",), zone, "")]


def _name(mine: Stream, theirs: Stream, part: Disagreement, *_: Any) -> list[tuple[tuple[str, ...], Any, str]]:
    here, there = (columns_of_fields(stream).get(part.field, set()) for stream in (mine, theirs))
    if not here or not there or here & there:
        return []
    (old,), (new,) = (_only(names, part) for names in (here, there))
    if new in mine.fields:
        raise Invalid(f"The recipe takes {new} from another column.", where=new, todo=BY_HAND)
    return [(("fields", old), None, new)]


def _only(names: set[str], part: Disagreement) -> set[str]:
    if len(names) != 1:
        raise Invalid(f"The column {part.field!r} becomes several fields.", where=part.field, todo=BY_HAND)
    return names


def _type(mine: Stream, theirs: Stream, part: Disagreement, *_: Any) -> list[tuple[tuple[str, ...], Any, str]]:
    if part.field not in mine.details or part.field not in theirs.details:
        return []
    kind = modifier_of(theirs.details[part.field], "type", "text")
    if modifier_of(mine.details[part.field], "type", "text") == kind:
        return []
    return [(("details", part.field), _spec(mine.details[part.field], part) | {"type": kind}, "")]


def _unit(
    mine: Stream, theirs: Stream, part: Disagreement, _: Mapping[str, str], is_one: bool
) -> list[tuple[tuple[str, ...], Any, str]]:
    if part.field not in mine.fields or part.field not in theirs.fields:
        return []
    here, there = _spec(mine.fields[part.field], part), _spec(theirs.fields[part.field], part)
    changed = dict(here)
    if part.field == "currency":
        changed |= {"value": there["value"]} if "value" in here and "value" in there else {}
    elif guessed := _GUESSED.search(part.rule) if part.one_says.startswith("median ") else None:
        unit = _OTHER_WAY.get(guessed[1], "") if is_one else guessed[1]
        is_plain = modifier_of(here, "unit", "minutes") == "minutes"
        changed |= {"unit": unit} if unit and is_plain else {}
    else:
        for modifier, unsaid in UNITS.items():
            said = modifier_of(there, modifier, unsaid)
            if modifier_of(here, modifier, unsaid) != said:
                changed[modifier] = said == "true" if modifier == "percent" else said
    return [] if changed == here else [(("fields", part.field), changed, "")]


def _codes(
    mine: Stream, theirs: Stream, part: Disagreement, codes: Mapping[str, str], _: bool
) -> list[tuple[tuple[str, ...], Any, str]]:
    if part.field not in mine.fields or part.field not in theirs.fields:
        return []
    here = _spec(mine.fields[part.field], part)
    if "from" not in here:
        raise Invalid(f"The recipe takes {part.field} from no column as it is.", where=part.field, todo=BY_HAND)
    words, meant = dict(here.get("words") or {}), _spec(theirs.fields[part.field], part).get("words") or {}
    changed = {code: meant.get(code, codes.get(str(said), said)) for code, said in words.items()}
    changed |= {code: said for code, said in codes.items() if code not in words}
    return [] if changed == words else [(("fields", part.field), here | {"words": changed}, "")]


def _spec(spec: Any, part: Disagreement) -> dict[str, Any]:
    given = plain({"from": spec} if isinstance(spec, str) else spec)
    if not isinstance(given, dict):
        raise Invalid("The recipe does not say this in one place.", where=part.field, todo=BY_HAND)
    return given


_SAYINGS: dict[ConflictKind, Say] = {
    ConflictKind.TIME_ZONE: _zone,
    ConflictKind.NAME: _name,
    ConflictKind.TYPE: _type,
    ConflictKind.UNIT: _unit,
    ConflictKind.CODES: _codes,
}
