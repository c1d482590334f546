"""Two kinds of import law of our own, for import-linter (see [tool.importlinter] in pyproject.toml)."""

from typing import Any

import grimp
from importlinter import Contract, ContractCheck, fields, output

Violations = list[tuple[str, str]]


def _is_test(module: str) -> bool:
    return ".tests." in f"{module}."


def _imports(graph: grimp.ImportGraph, importer: str) -> list[str]:
    return sorted(graph.find_modules_directly_imported_by(importer))


class _Listed(Contract):
    """A contract whose finding is a list of (importer, imported)."""

    def find(self, graph: grimp.ImportGraph) -> Violations:
        """Every import that breaks the contract."""
        raise NotImplementedError

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Judge the whole graph; import-linter calls this."""
        found = self.find(graph)
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each import that breaks the contract; import-linter calls this."""
        for importer, imported in check.metadata["found"]:
            output.print_error(f"{importer} imports {imported}", bold=False)


class DoorsContract(_Listed):
    """Whoever is outside a room enters it by its doors only.

    - houses: the package whose children are the rooms.
    - doors: modules of a room that any other room may import.
    - lobby: the package that may also import the entrances.
    - entrances: modules of a room that the lobby may import besides.
    """

    type_name = "doors"

    houses = fields.StringField()
    doors = fields.ListField(subfield=fields.StringField())
    lobby = fields.StringField()
    entrances = fields.ListField(subfield=fields.StringField())

    def find(self, graph: grimp.ImportGraph) -> Violations:
        """Every import of a room's private module from outside that room."""
        importers = [m for m in graph.modules if not _is_test(m) and not graph.is_module_squashed(m)]
        return [
            (importer, imported)
            for importer in sorted(importers)
            for imported in _imports(graph, importer)
            if not self._may(importer, imported)
        ]

    def _may(self, importer: str, imported: str) -> bool:
        prefix = f"{self.houses}."
        if not imported.startswith(prefix):
            return True
        room, _, inside = imported.removeprefix(prefix).partition(".")
        if importer == prefix + room or importer.startswith(f"{prefix}{room}."):
            return True
        allowed: set[Any] = set(self.doors)  # type: ignore[call-overload]
        if importer.startswith(f"{self.lobby}."):
            allowed |= set(self.entrances)  # type: ignore[call-overload]
        return inside.partition(".")[0] in allowed


class OnlyContract(_Listed):
    """A package imports itself and the listed libraries, and nothing else, not even of the standard library.

    - package: the package that is held to the list.
    - libraries: the top-level names that it may import.
    - workshop: a module of it that may import what it likes (optional).
    """

    type_name = "only"

    package = fields.StringField()
    libraries = fields.ListField(subfield=fields.StringField())
    workshop = fields.StringField(required=False)

    def find(self, graph: grimp.ImportGraph) -> Violations:
        """Every import of something that is not listed."""
        package = str(self.package)
        inside = {package, *graph.find_descendants(package)}
        allowed: set[Any] = set(self.libraries)  # type: ignore[call-overload]
        return [
            (importer, imported)
            for importer in sorted(inside)
            if not _is_test(importer) and importer != self.workshop
            for imported in _imports(graph, importer)
            if imported not in inside and imported.partition(".")[0] not in allowed
        ]
