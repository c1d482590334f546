"""The tests' database is made by its owner."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def _owner_makes_the_database() -> Iterator[None]:
    from django.db import connections

    options: dict[str, Any] = connections.settings["default"]["OPTIONS"]
    role = options.pop("options")
    yield
    options["options"] = role


@pytest.fixture(scope="session")
def django_db_setup(_owner_makes_the_database: None, django_db_setup: None) -> None:
    """Have the owner make the database."""
