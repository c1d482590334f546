"""Value expressions of a recipe, compiled into functions of a row.

An expression is a column's name, or a mapping with one source and its modifiers:
  from: COLUMN | value: CONSTANT | template: "group-{COLUMN}" | cases: [{when: CONDITION, ...expression}]
  otherwise: ... product: [COLUMN, COLUMN] (money) | minutes_between: [COLUMN, COLUMN] | when: CONDITION (true
  or false) modifiers: required, words, known, unit, format, zone, ambiguous, percent, separator, min, max,
  zero_is_empty, type (details only)
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from string import Formatter
from typing import Any

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import FactKind
from closeknit.rooms.sensing.mapping.conditions import check_condition, columns_of, compile_condition
from closeknit.rooms.sensing.mapping.refusal import Refused, shown
from closeknit.rooms.sensing.mapping.values import MINUTES_PER, TYPES, Form, Reader, money, reader

Row = Sequence[Any]
Known = Mapping[FactKind, Collection[str]]

SOURCES = ("from", "value", "template", "cases", "product", "minutes_between", "when")
MODIFIERS = (
    "otherwise",
    "required",
    "words",
    "known",
    "unit",
    "format",
    "zone",
    "ambiguous",
    "percent",
    "separator",
    "min",
    "max",
    "type",
    "zero_is_empty",
)
AMBIGUOUS = ("earlier", "later", "refuse")


def check_expression(spec: Any, place: str) -> None:
    """Refuse an expression that the language does not know, naming its place."""
    if isinstance(spec, str):
        return
    if not isinstance(spec, dict):
        raise Invalid(f"{spec!r} is neither a column's name nor a mapping.", where=place, todo="Write {value: ...}.")
    unknown = [key for key in spec if key not in SOURCES + MODIFIERS]
    if unknown:
        known = ", ".join(SOURCES + MODIFIERS)
        raise Invalid(f"There is no {unknown[0]!r} in an expression.", where=place, todo=f"Use one of {known}.")
    sources = [key for key in spec if key in SOURCES]
    if len(sources) != 1:
        raise Invalid(f"An expression needs exactly one of {', '.join(SOURCES)}; here: {sources}.", where=place)
    _check_source(spec, sources[0], place)
    _check_modifiers(spec, place)


def _check_source(spec: Any, source: str, place: str) -> None:
    value = spec[source]
    if source == "when":
        check_condition(value, f"{place}.when")
    elif source in ("product", "minutes_between"):
        if not isinstance(value, list) or len(value) != 2:
            raise Invalid(f"`{source}` needs a list of two columns.", where=place)
    elif source == "cases":
        if not isinstance(value, list) or not value or "otherwise" not in spec:
            raise Invalid("`cases` needs a list, and `otherwise` for the rest.", where=place)
        for number, case in enumerate(value):
            where = f"{place}.cases[{number}]"
            if not isinstance(case, dict) or "when" not in case:
                raise Invalid("A case needs `when`.", where=where)
            check_condition(case["when"], f"{where}.when")
            check_expression({key: part for key, part in case.items() if key != "when"}, where)
        check_expression(spec["otherwise"], f"{place}.otherwise")


def _check_modifiers(spec: Any, place: str) -> None:
    if spec.get("unit", "minutes") not in MINUTES_PER:
        raise Invalid(f"There is no unit {spec['unit']!r}.", where=place, todo=f"Use one of {', '.join(MINUTES_PER)}.")
    if spec.get("ambiguous", "refuse") not in AMBIGUOUS:
        raise Invalid("`ambiguous` is earlier, later or refuse.", where=place)
    if spec.get("type", "text") not in TYPES:
        raise Invalid(f"There is no type {spec['type']!r}.", where=place, todo=f"Use one of {', '.join(TYPES)}.")
    if "known" in spec and spec["known"] not in list(FactKind):
        raise Invalid(f"There is no kind of fact {spec['known']!r}.", where=place)
    if "words" in spec and not isinstance(spec["words"], dict):
        raise Invalid("`words` is a mapping from the source's word to ours.", where=place)


def columns_used(spec: Any) -> set[str]:
    """Return the columns that an expression reads."""
    if isinstance(spec, str):
        return {spec}
    found: set[str] = set()
    if "from" in spec:
        found.add(str(spec["from"]))
    if "template" in spec:
        found |= {name for _, name, _, _ in Formatter().parse(str(spec["template"])) if name}
    for pair in ("product", "minutes_between"):
        found |= set(spec.get(pair, ()))
    if "when" in spec:
        found |= columns_of(spec["when"])
    for case in spec.get("cases", ()):
        found |= columns_used(case)
    if "otherwise" in spec:
        found |= columns_used(spec["otherwise"])
    return found - {""}


def compile_expression(
    spec: Any, kind: str, target: str, index: dict[str, int], form: Form, known: Known
) -> Callable[[Row], Any]:
    """Return the expression as a function of a row (None where the source states nothing)."""
    if isinstance(spec, str):
        spec = {"from": spec}
    required = bool(spec.get("required", kind.endswith("!")))
    kind = str(spec.get("type", kind.rstrip("!")))
    evaluate = _source(spec, kind, target, index, _form(spec, form), known)
    if spec.get("zero_is_empty"):
        evaluate = _zero_is_empty(evaluate)
    if "known" in spec:
        evaluate = _of_known(evaluate, FactKind(spec["known"]), target, known)
    return _required(evaluate, target, spec) if required and "value" not in spec else evaluate


def _form(spec: Any, form: Form) -> Form:
    words = tuple((str(key), value) for key, value in spec.get("words", {}).items())
    return replace(
        form,
        zone=str(spec.get("zone", form.zone)),
        ambiguous=str(spec.get("ambiguous", form.ambiguous)),
        format=str(spec.get("format", form.format)),
        unit=str(spec.get("unit", form.unit)),
        separator=str(spec.get("separator", form.separator)),
        percent=bool(spec.get("percent", False)),
        least=spec.get("min"),
        most=spec.get("max"),
        words=words,
    )


def _source(spec: Any, kind: str, target: str, index: dict[str, int], form: Form, known: Known) -> Callable[[Row], Any]:
    if "from" in spec:
        return _column(spec["from"], kind, target, index, form)
    if "value" in spec:
        constant = _constant(spec["value"], kind, target, form)
        return lambda _: constant
    if "template" in spec:
        return _template(str(spec["template"]), kind, target, index, form)
    if "product" in spec:
        return _product(spec["product"], target, index)
    if "minutes_between" in spec:
        return _between(spec["minutes_between"], target, index, form)
    if "cases" in spec:
        return _cases(spec, kind, target, index, form, known)
    return compile_condition(spec["when"], index)


def _column(column: str, kind: str, target: str, index: dict[str, int], form: Form) -> Callable[[Row], Any]:
    at = index[column]
    read = reader(kind, target if column == target else f"{target} ({column})", form)
    if form.words:
        words = dict(form.words)

        def translated(row: Row) -> Any:
            value = row[at]
            if value is None:
                return None
            value = words.get(str(value), value)
            return None if value is None else read(value)

        return translated

    def plain(row: Row) -> Any:
        value = row[at]
        return None if value is None else read(value)

    return plain


def _constant(value: Any, kind: str, target: str, form: Form) -> Any:
    if value is None:
        return None
    try:
        return reader(kind, target, form)(value)
    except Refused as failure:
        raise Invalid(f"The recipe's constant cannot be used. {failure.reason}", where=target) from None


def _template(template: str, kind: str, target: str, index: dict[str, int], form: Form) -> Callable[[Row], Any]:
    parts = [(text, index[name] if name else None) for text, name, _, _ in Formatter().parse(template)]
    read = reader(kind, target, form)

    def fill(row: Row) -> Any:
        pieces: list[str] = []
        for text, at in parts:
            pieces.append(text)
            if at is not None:
                value = row[at]
                if value is None:
                    return None
                pieces.append(str(value))
        return read("".join(pieces))

    return fill


def _product(columns: Sequence[str], target: str, index: dict[str, int]) -> Callable[[Row], Any]:
    readers = [(index[column], reader("money", f"{target} ({column})", Form())) for column in columns]
    (first, read_first), (second, read_second) = readers

    def multiply(row: Row) -> Decimal | None:
        if row[first] is None or row[second] is None:
            return None
        return money(read_first(row[first]) * read_second(row[second]))

    return multiply


def _between(columns: Sequence[str], target: str, index: dict[str, int], form: Form) -> Callable[[Row], Any]:
    """Minutes from one time to another: by wall clock where both are local, as the source itself reckons."""
    (start, start_label), (end, end_label) = ((index[c], f"{target} ({c})") for c in columns)
    wall = Form(zone="UTC", format=form.format)
    zoned = Form(zone=form.zone, format=form.format, ambiguous=form.ambiguous)
    readers = {
        True: (reader("time", start_label, wall), reader("time", end_label, wall)),
        False: (reader("time", start_label, zoned), reader("time", end_label, zoned)),
    }

    def minutes(row: Row) -> float | None:
        a, b = row[start], row[end]
        if a is None or b is None:
            return None
        local = not (_has_offset(a) or _has_offset(b))
        read_start, read_end = readers[local]
        passed = float((read_end(b) - read_start(a)).total_seconds()) / 60
        if passed < 0:
            raise Refused("ends-before-it-starts", f"{target}: {shown(b)} is before {shown(a)}.")
        return passed

    return minutes


def _has_offset(value: Any) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is not None
    text = str(value)
    return text.endswith("Z") or "+" in text or "-" in text[11:]


def _cases(spec: Any, kind: str, target: str, index: dict[str, int], form: Form, known: Known) -> Callable[[Row], Any]:
    made = []
    for case in spec["cases"]:
        then = {key: part for key, part in case.items() if key != "when"}
        made.append(
            (
                compile_condition(case["when"], index),
                compile_expression(then, kind, target, index, form, known),
            )
        )
    otherwise = compile_expression(spec["otherwise"], kind, target, index, form, known)

    def choose(row: Row) -> Any:
        for holds, then in made:
            if holds(row):
                return then(row)
        return otherwise(row)

    return choose


def _zero_is_empty(evaluate: Callable[[Row], Any]) -> Callable[[Row], Any]:
    def checked(row: Row) -> Any:
        return evaluate(row) or None

    return checked


def _of_known(evaluate: Reader, kind: FactKind, target: str, known: Known) -> Callable[[Row], Any]:
    keys = known.get(kind, ())

    def checked(row: Row) -> Any:
        value = evaluate(row)
        if value is not None and value not in keys:
            raise Refused(
                f"unknown-{kind.value}",
                f"{target}: no {kind.value} {shown(value)} is known to this feed. Load it first.",
            )
        return value

    return checked


_EMPTY: tuple[Any, ...] = ("", [])


def _required(evaluate: Reader, target: str, spec: Any) -> Callable[[Row], Any]:
    column = spec.get("from", "")
    label = target if column in ("", target) else f"{target} ({column})"

    def checked(row: Row) -> Any:
        value = evaluate(row)
        if value is None or value in _EMPTY:
            raise Refused("missing", f"{label} is missing.")
        return value

    return checked
