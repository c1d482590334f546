"""YAML as plain data that remembers its lines, strict about what YAML itself lets pass."""

import re
from typing import Any

import yaml

from closeknit.kernel.errors import Invalid


class Block(dict[str, Any]):
    """A mapping of a recipe, with the line it starts at and the line of each key."""

    line: int = 0

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


class _Loader(yaml.SafeLoader):
    """Safe YAML without its surprises: `09:00` and `no` stay text, a key may not appear twice."""


def _without_surprises() -> None:
    kept = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")
    resolvers = {
        first: [(tag, pattern) for tag, pattern in rules if tag in kept]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _Loader.yaml_implicit_resolvers = resolvers
    _Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(0|[1-9][0-9]*)$"), list("-+0123456789"))
    _Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+\.[0-9]+$"), list("-+0123456789"))
    _Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))


def _block(loader: _Loader, node: yaml.MappingNode) -> Block:
    block = Block()
    block.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        line = key_node.start_mark.line + 1
        if key in block:
            raise Invalid(
                f"The key {key!r} appears twice in one place.", where=f"line {line}", todo="Keep one of them."
            )
        block[key] = loader.construct_object(value_node, deep=True)
        block.lines[key] = line
    return block


_without_surprises()
_Loader.add_constructor("tag:yaml.org,2002:map", _block)


def read_yaml(text: str, place: str) -> Block:
    """Return the recipe's top block.

    Raises:
        Invalid: with file and line, when the text is not YAML or not a mapping.
    """
    try:
        data = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as failure:
        line = failure.problem_mark.line + 1 if failure.problem_mark else 0
        raise Invalid(f"This is not YAML: {failure.problem}.", where=f"{place}, line {line}") from None
    except yaml.YAMLError as failure:
        raise Invalid(f"This is not YAML: {failure}.", where=place) from None
    except Invalid as failure:
        raise Invalid(failure.what, where=f"{place}, {failure.where}", todo=failure.todo) from None
    if not isinstance(data, Block):
        raise Invalid("A recipe is a mapping of keys to values.", where=place, todo="Start it with `recipe: NAME`.")
    return data
