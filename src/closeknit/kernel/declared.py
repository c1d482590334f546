"""What rooms declare and a lower part must know: handed over once by the wiring table, read by name.

A room below cannot import the rooms above it. Where it needs a list of what they have (their settings, the names of
their tiers), `web/wiring.py` declares that list here when Django is ready.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_declared: dict[str, Mapping[str, Any]] = {}


def declare(name: str, items: Mapping[str, Any]) -> None:
    """Hand over the list of a name, by key; a second call replaces the first."""
    _declared[name] = MappingProxyType(dict(items))


def declared(name: str) -> Mapping[str, Any]:
    """Return the list of a name, by key; empty where nothing was declared."""
    return _declared.get(name, MappingProxyType({}))
