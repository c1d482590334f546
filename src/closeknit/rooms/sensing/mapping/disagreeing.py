"""In what two recipes, and the data that came by them, disagree. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from closeknit.rooms.sensing.contracts import ConflictKind, Disagreement
from closeknit.rooms.sensing.mapping.recipe import Recipe, Stream

MOST_CODES = 50
LEAST_SHARED = 0.5
SCALES = {60.0: "seconds", 3600.0: "milliseconds or seconds", 1 / 60.0: "hours", 1 / 1440.0: "days"}
SCALE_TOLERANCE = 0.25
LEAST_ROWS = 30


@dataclass(frozen=True, slots=True)
class FeedValues:
    """What a feed's rows of one target say: its codes by field, and the medians of its numbers (value, rows)."""

    target: str
    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    medians: Mapping[str, tuple[float, int]] = field(default_factory=dict)


def recipes_disagree(one: Recipe, other: Recipe) -> list[Disagreement]:
    """Return what two recipes say differently of the same fields of the same targets."""
    found: dict[tuple[ConflictKind, str, str], Disagreement] = {}
    for mine in one.streams:
        for theirs in other.streams:
            if target_of(mine) == target_of(theirs):
                for each in _streams_disagree(target_of(mine), mine, theirs):
                    found.setdefault((each.kind, each.target, each.field), each)
    return list(found.values())


def target_of(stream: Stream) -> str:
    """Return what a stream's rows become: "work:OPERATION" where the recipe says which, "work", or a kind of fact."""
    if stream.into is not None:
        return stream.into.value
    operation = _constant(stream.fields.get("operation"))
    return f"work:{operation}" if operation else "work"


def values_disagree(one: FeedValues, other: FeedValues) -> list[Disagreement]:
    """Return what two feeds' data of one target say differently: codes written otherwise, numbers of another scale."""
    return [*_codes(one, other), *_scales(one, other)]


def codes_alike(one: FeedValues, other: FeedValues, name: str) -> dict[str, str]:
    """Return the codes of `other` that `one` writes otherwise, with what `one` writes."""
    mine, theirs = (said.codes.get(name, frozenset()) for said in (one, other))
    return {code: same for code in sorted(theirs - mine) if (same := _written_otherwise(code, mine - theirs))}


def _streams_disagree(target: str, one: Stream, other: Stream) -> Iterator[Disagreement]:
    yield from _zones(target, one, other)
    yield from _names(target, one, other)
    for name in sorted(set(one.fields) & set(other.fields)):
        yield from _units(target, name, one.fields[name], other.fields[name])
        yield from _words(target, name, one.fields[name], other.fields[name])
    for name in sorted(set(one.details) & set(other.details)):
        types = [modifier_of(stream.details[name], "type", "text") for stream in (one, other)]
        if types[0] != types[1]:
            said = f"The detail {name} is {types[0]} in one feed and {types[1]} in the other."
            yield Disagreement(
                ConflictKind.TYPE, target, name, types[0], types[1], said, f"{name}: {{…, type: {types[0]}}}"
            )


def _zones(target: str, one: Stream, other: Stream) -> Iterator[Disagreement]:
    if one.into is None and one.form.zone != other.form.zone:
        said = f"Local times of {target} are read in {one.form.zone} by one feed and in {other.form.zone} by the other."
        rule = f"zone: {one.form.zone}"
        yield Disagreement(ConflictKind.TIME_ZONE, target, "occurred_at", one.form.zone, other.form.zone, said, rule)


def _names(target: str, one: Stream, other: Stream) -> Iterator[Disagreement]:
    mine, theirs = columns_of_fields(one), columns_of_fields(other)
    for column in sorted(set(mine) & set(theirs)):
        here, there = mine[column], theirs[column]
        if not here & there:
            names = [" and ".join(sorted(fields)) for fields in (here, there)]
            said = f"The column {column!r} is {names[0]} in one feed and {names[1]} in the other."
            rule = f"{sorted(here)[0]}: {column}"
            yield Disagreement(ConflictKind.NAME, target, column, names[0], names[1], said, rule)


def columns_of_fields(stream: Stream) -> dict[str, set[str]]:
    """Return the target fields that each plain column becomes, by the column's name without case and gaps."""
    found: dict[str, set[str]] = {}
    for name, spec in stream.fields.items():
        column = spec if isinstance(spec, str) else spec.get("from") if isinstance(spec, dict) else None
        if column:
            found.setdefault(_plain(str(column)), set()).add(name)
    return found


def _units(target: str, name: str, one: Any, other: Any) -> Iterator[Disagreement]:
    if name == "currency":
        here, there = _constant(one), _constant(other)
        if here and there and here != there:
            said = f"Money of {target} is {here} in one feed and {there} in the other."
            yield Disagreement(ConflictKind.UNIT, target, name, here, there, said, f"currency: {{value: {here}}}")
        return
    columns = [_plain(str(s if isinstance(s, str) else s.get("from", ""))) for s in (one, other)]
    for modifier, unsaid in (("unit", "minutes"), ("percent", "false")):
        here, there = (modifier_of(spec, modifier, unsaid) for spec in (one, other))
        if columns[0] and columns[0] == columns[1] and here != there:
            said = f"The column {columns[0]!r} ({name}) has {modifier} {here} in one feed and {there} in the other."
            rule = f"{name}: {{from: …, {modifier}: {here}}}"
            yield Disagreement(ConflictKind.UNIT, target, name, here, there, said, rule)


def _words(target: str, name: str, one: Any, other: Any) -> Iterator[Disagreement]:
    mine, theirs = (s.get("words") or {} if isinstance(s, dict) else {} for s in (one, other))
    differing = sorted(code for code in set(mine) & set(theirs) if str(mine[code]) != str(theirs[code]))
    if differing:
        code = differing[0]
        said = f"The code {code!r} of {name} means {mine[code]!r} in one feed and {theirs[code]!r} in the other."
        rule = f"{name}: {{…, words: {{{code!r}: {mine[code]}}}}}"
        yield Disagreement(ConflictKind.CODES, target, name, str(mine[code]), str(theirs[code]), said, rule)


def _codes(one: FeedValues, other: FeedValues) -> Iterator[Disagreement]:
    for name in sorted(set(one.codes) & set(other.codes)):
        mine, theirs = one.codes[name], other.codes[name]
        if not mine or not theirs or max(len(mine), len(theirs)) > MOST_CODES:
            continue
        strays = theirs - mine
        alike = codes_alike(one, other, name)
        if alike:
            words = ", ".join(f"{code!r}: {same}" for code, same in alike.items())
            code, same = next(iter(alike.items()))
            said = f"{name} of {one.target} is written {same!r} in one feed and {code!r} in the other."
            rule = f"{name}: {{…, words: {{{words}}}}}"
            yield Disagreement(ConflictKind.CODES, one.target, name, _few(alike.values()), _few(alike), said, rule)
        elif strays and len(mine & theirs) >= LEAST_SHARED * len(mine) and len(mine) > 1:
            said = f"{name} of {one.target} has codes in one feed that the other does not know: {_few(sorted(strays))}."
            rule = f"{name}: {{…, words: {{{sorted(strays)[0]!r}: …}}}}"
            yield Disagreement(
                ConflictKind.CODES, one.target, name, _few(sorted(mine)), _few(sorted(strays)), said, rule
            )


def _scales(one: FeedValues, other: FeedValues) -> Iterator[Disagreement]:
    for name in sorted(set(one.medians) & set(other.medians)):
        (mine, my_rows), (theirs, their_rows) = one.medians[name], other.medians[name]
        if min(my_rows, their_rows) < LEAST_ROWS or mine <= 0 or theirs <= 0:
            continue
        for scale, unit in SCALES.items():
            if abs(theirs / mine / scale - 1) <= SCALE_TOLERANCE:
                said = f"{name} of {one.target} is {theirs / mine:.3g} times larger in one feed: is it in {unit}?"
                rule = f"{name}: {{from: …, unit: {unit.split()[-1]}}}"
                says = (f"median {mine:.4g}", f"median {theirs:.4g}")
                yield Disagreement(ConflictKind.UNIT, one.target, name, says[0], says[1], said, rule)


def _written_otherwise(code: str, known: Iterable[str]) -> str:
    plain = _plain(code)
    return next((other for other in sorted(known) if _plain(other) == plain), "")


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _few(codes: Iterable[str]) -> str:
    held = list(codes)
    return ", ".join(held[:8]) + (" …" if len(held) > 8 else "")


def _constant(spec: Any) -> str:
    return str(spec["value"]) if isinstance(spec, dict) and spec.get("value") not in (None, "") else ""


def modifier_of(spec: Any, name: str, unsaid: str) -> str:
    """Return what an expression's modifier says, as text; `unsaid` where it is left out."""
    value = spec.get(name) if isinstance(spec, dict) else None
    return unsaid if value is None else str(value).lower()
