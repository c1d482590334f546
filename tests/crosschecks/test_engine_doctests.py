"""Every example in an engine docstring is run."""

import doctest
import importlib
import pkgutil

import pytest

import closeknit.engine

MODULES = sorted(module.name for module in pkgutil.walk_packages(closeknit.engine.__path__, prefix="closeknit.engine."))


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0


def test_examples_are_really_found() -> None:
    finder = doctest.DocTestFinder()
    examples = sum(len(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name)))
    assert examples >= 15
