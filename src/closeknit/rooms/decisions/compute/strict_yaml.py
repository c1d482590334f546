"""YAML for tables that decide: read strictly, and refused in words that name the place."""

from collections.abc import Mapping
from typing import Any, NoReturn

import yaml

from closeknit.kernel.errors import Invalid

MOST_CHARACTERS = 100_000


def read_yaml(text: str) -> Any:
    """Return what a text of YAML holds; a key that comes twice and references are refused."""
    if len(text) > MOST_CHARACTERS:
        refuse(f"The table is longer than {MOST_CHARACTERS:,} characters.", "the table")
    try:
        return yaml.load(text, Loader=_Strict)
    except yaml.MarkedYAMLError as failure:
        line = failure.problem_mark.line + 1 if failure.problem_mark else 0
        refuse(f"This is not a table in YAML: {failure.problem}.", f"line {line}")
    except (yaml.YAMLError, ValueError, RecursionError) as failure:
        refuse(f"This is not a table in YAML: {failure}.", "the table")


class _Strict(yaml.SafeLoader):
    """Safe YAML in which a key may not appear twice and nothing is repeated by reference."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="references are not taken", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: ARG002 - yaml's signature
        seen = [key.value for key, _ in node.value]
        twice = next((key for key in seen if seen.count(key) > 1), None)
        if twice is not None:
            raise yaml.MarkedYAMLError(problem=f"the key {twice!r} appears twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep=True)


def mapping(value: Any, where: str, known: set[str]) -> dict[str, Any]:
    """Return a mapping whose keys are all known."""
    if not isinstance(value, dict):
        refuse("Here a mapping of keys to values is needed.", where)
    unknown = sorted(str(key) for key in value if key not in known)
    if unknown:
        refuse(f"{unknown[0]!r} is not known here.", where, f"Known are {', '.join(sorted(known))}.")
    return dict(value)


def items(value: Any, where: str) -> list[Any]:
    """Return a list; a single value is a list of one."""
    if isinstance(value, list):
        return value
    if value is None or isinstance(value, dict):
        refuse("Here a list is needed.", where)
    return [value]


def given(top: Mapping[str, Any], key: str, where: str) -> Any:
    """Return a value that must be there."""
    if top.get(key) is None:
        refuse(f"{key} is missing.", where)
    return top[key]


def line(top: Mapping[str, Any], key: str, where: str, longest: int) -> str:
    """Return one line of text."""
    text = str(given(top, key, where)).strip()
    if not text or len(text) > longest or "\n" in text:
        refuse(f"{key} is one line of 1 to {longest} characters.", where)
    return text


def refuse(what: str, where: str, todo: str = "See the table with: closeknit decisions policy show.") -> NoReturn:
    """Say what is wrong, where, and what to do."""
    raise Invalid(what, where=where, kept="The table in force stays in force.", todo=todo)
