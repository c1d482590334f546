"""Conditions of a recipe: `{Column: test}`; several columns must all hold; `any: [...]` and `not: {...}`
combine.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.mapping.values import Form, reader

Row = Sequence[Any]
Condition = Callable[[Row], bool]
TESTS = ("is", "in", "starts_with", "matches", "empty", "below", "above", "at_most", "at_least")


def columns_of(spec: Any) -> set[str]:
    """Return the columns that a condition looks at."""
    found: set[str] = set()
    for key, value in spec.items():
        if key == "any":
            for part in value:
                found |= columns_of(part)
        elif key == "not":
            found |= columns_of(value)
        else:
            found.add(key)
    return found


def check_condition(spec: Any, place: str) -> None:
    """Refuse a condition that the language does not know, naming its place."""
    if not isinstance(spec, dict) or not spec:
        raise Invalid("A condition is a mapping such as {Quantity: {below: 0}}.", where=place)
    for key, value in spec.items():
        where = f"{place}.{key}"
        if key == "any":
            if not isinstance(value, list) or not value:
                raise Invalid("`any` needs a list of conditions.", where=where)
            for number, part in enumerate(value):
                check_condition(part, f"{where}[{number}]")
        elif key == "not":
            check_condition(value, where)
        elif isinstance(value, dict):
            _check_tests(value, where)


def _check_tests(tests: dict[str, Any], where: str) -> None:
    for name, operand in tests.items():
        if name not in TESTS:
            raise Invalid(f"There is no test {name!r}.", where=where, todo=f"Use one of {', '.join(TESTS)}.")
        if name == "matches":
            try:
                re.compile(str(operand))
            except re.error as failure:
                raise Invalid(f"{operand!r} is not a pattern: {failure}.", where=where) from None
        if name == "in" and not isinstance(operand, list):
            raise Invalid("`in` needs a list.", where=where)
        if name in ("below", "above", "at_most", "at_least") and not isinstance(operand, int | float):
            raise Invalid(f"`{name}` needs a number.", where=where)


def compile_condition(spec: Any, index: dict[str, int]) -> Condition:
    """Return the condition as a function of a row whose columns stand at `index`."""
    parts = [_part(key, value, index) for key, value in spec.items()]
    if len(parts) == 1:
        return parts[0]
    first, second, *others = parts
    if not others:
        return lambda row: first(row) and second(row)
    return lambda row: all(part(row) for part in parts)


def _part(key: str, value: Any, index: dict[str, int]) -> Condition:
    if key == "any":
        some = [compile_condition(part, index) for part in value]
        if len(some) == 2:
            one, other = some
            return lambda row: one(row) or other(row)
        return lambda row: any(part(row) for part in some)
    if key == "not":
        inner = compile_condition(value, index)
        return lambda row: not inner(row)
    at = index[key]
    tests = value if isinstance(value, dict) else {"is": value}
    made = [_test(name, operand, key) for name, operand in tests.items()]
    if len(made) == 1:
        only = made[0]
        return lambda row: only(row[at])
    return lambda row: all(test(row[at]) for test in made)


def _test(name: str, operand: Any, column: str) -> Callable[[Any], bool]:
    if name == "empty":
        return lambda value: (value is None) is operand
    if name == "is":
        word = _word(operand)
        return lambda value: value is not None and _word(value) == word
    if name == "in":
        words = frozenset(_word(item) for item in operand)
        return lambda value: value is not None and _word(value) in words
    if name == "starts_with":
        start = str(operand)
        return lambda value: value is not None and str(value).startswith(start)
    if name == "matches":
        pattern = re.compile(str(operand))
        return lambda value: value is not None and pattern.fullmatch(str(value)) is not None
    return _comparison(name, float(operand), column)


def _comparison(name: str, bound: float, column: str) -> Callable[[Any], bool]:
    number = reader("number", column, Form())
    holds: Callable[[float], bool] = {
        "below": lambda n: n < bound,
        "above": lambda n: n > bound,
        "at_most": lambda n: n <= bound,
        "at_least": lambda n: n >= bound,
    }[name]

    def test(value: Any) -> bool:
        if value is None:
            return False
        if type(value) is int or type(value) is float:
            return holds(value)
        try:
            return holds(number(value))
        except Refused:
            # What is no number is neither below nor above; the column's own reader says what is wrong with
            # it.
            return False

    return test


def _word(value: Any) -> str:
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
