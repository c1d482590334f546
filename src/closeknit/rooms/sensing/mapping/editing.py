"""Change one place of a recipe's text and leave every other character as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from closeknit.kernel.errors import Invalid

BY_HAND = "Write the rule into the recipe by hand."


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a stream: of the value under `path` (keys from the stream down), or of its last key's name."""

    stream: int
    path: tuple[str, ...]
    value: Any = None
    rename: str = ""


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Return a recipe's text with changes made.

    Raises:
        Invalid: where a place is written with anchors, merged in from elsewhere, or not there to be changed.
    """
    if any(isinstance(token, yaml.AnchorToken | yaml.AliasToken) for token in yaml.scan(text)):
        raise Invalid("This recipe says things once for several places.", where="recipe", todo=BY_HAND)
    spans = [_span(text, edit) for edit in edits]
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def flow(value: Any) -> str:
    """Return a value as one line of YAML."""
    return (
        yaml.safe_dump(plain(value), default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**9)
        .removesuffix("\n...\n")
        .strip()
    )


def plain(value: Any) -> Any:
    """Return a value of a recipe as plain mappings, lists and words."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value


def _span(text: str, edit: Edit) -> tuple[int, int, str]:
    node = _streams(text)[edit.stream]
    for key in edit.path[:-1]:
        node = _value(node, key)[1]
    found = _find(node, edit.path[-1])
    if found is None:
        return _added(node, edit)
    key_node, value_node = found
    if edit.rename:
        return key_node.start_mark.index, key_node.end_mark.index, edit.rename
    return value_node.start_mark.index, _end(value_node), flow(edit.value)


def _added(node: yaml.Node, edit: Edit) -> tuple[int, int, str]:
    """Return a new key's place: a line of its own after the first one of its mapping."""
    if edit.rename or not isinstance(node, yaml.MappingNode) or not node.value or node.flow_style:
        raise Invalid("The place of the rule is not found in the recipe.", where=".".join(edit.path), todo=BY_HAND)
    first_key, first_value = node.value[0]
    end = _end(first_value)
    indent = " " * first_key.start_mark.column
    return end, end, f"\n{indent}{edit.path[-1]}: {flow(edit.value)}"


def _streams(text: str) -> list[yaml.Node]:
    node = _value(yaml.compose(text, Loader=yaml.SafeLoader), "streams")[1]
    return list(node.value)


def _value(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node]:
    found = _find(node, key)
    if found is None:
        raise Invalid(f"The recipe has no {key!r} here.", where=key, todo=BY_HAND)
    return found


def _find(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((pair for pair in node.value if pair[0].value == key), None)


def _end(node: yaml.Node) -> int:
    """Return where a node's own text ends: of a block its last part, without the empty lines after it."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)
