"""The API keeps to its own OpenAPI document, whatever is sent: no fault of ours, no answer that it does not describe.

A few tries for each operation and person here; many with CLOSEKNIT_SLOW=1.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup, ServerError
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.cast import token_of
from tests.small_company import SmallCompany, build

TRIES = 300 if os.environ.get("CLOSEKNIT_SLOW") else 12
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@schemathesis.serializer("application/x-ndjson")
def lines_as_they_are(_context: Any, value: Any) -> bytes:
    """Send generated text as the body itself."""
    return str(value).encode("utf-8", "replace")


@pytest.fixture
def company(db, tmp_path) -> Iterator[SmallCompany]:
    # As Django's own test client does: a request's end must not close the connection of the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield build(tmp_path)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def schema_of_api() -> Any:
    from closeknit.web.wsgi import application

    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


def known_ids(company: SmallCompany) -> dict[str, list[str]]:
    """Ids that exist, for the places in paths that take one."""
    return {
        "proposal_id": [str(company.proposal_id)],
        "thread_id": [str(company.thread_id)],
        "run_id": [str(company.run_id)],
        "plan_id": [str(company.plan_id)],
        "name": [company.feed],
        "account_number": ["ACME", company.foreign],
    }


def faults(operation: Any, headers: dict[str, str], known: dict[str, list[str]]) -> None:
    """Try an operation with what its description allows, half the time about things that exist."""

    @settings(
        max_examples=TRIES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), real=st.booleans(), data=st.data())
    def check(case: Any, real: bool, data: Any) -> None:
        if real:
            for name in set(case.path_parameters or {}) & known.keys():
                case.path_parameters[name] = data.draw(st.sampled_from(known[name]))
        case.call_and_validate(headers=headers, checks=list(CHECKS))

    check()


@pytest.mark.parametrize("username", ["alice", "carol", "dave"])
def test_every_operation_answers_as_its_document_says(company, username):
    token = token_of(username)
    operations = [result.ok() for result in schema_of_api().get_all_operations()]
    assert len(operations) > 25
    for operation in operations:
        faults(operation, {"Authorization": f"Bearer {token}"}, known_ids(company))


def test_red_twin_an_answer_that_is_not_described_is_seen(company, monkeypatch):
    from closeknit.rooms.capacity import reads

    token = token_of("alice")
    plans = schema_of_api()["/api/v1/plans"]["GET"]
    monkeypatch.setattr(reads, "list_plans", lambda **_: 1 / 0)
    with pytest.raises(FailureGroup) as found:
        faults(plans, {"Authorization": f"Bearer {token}"}, known_ids(company))
    assert [type(failure) for failure in found.value.exceptions] == [ServerError]


def test_no_two_shapes_of_the_document_have_one_name():
    """The document would show one of them for both."""
    import ast
    from collections import Counter
    from pathlib import Path

    rooms = Path(__file__).resolve().parents[2] / "src" / "closeknit" / "rooms"
    entrances = [*rooms.glob("*/api.py"), *rooms.glob("*/api/*.py")]
    shapes = Counter(
        node.name for path in entrances for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)
    )
    assert sum(shapes.values()) > 30
    assert [name for name, count in shapes.items() if count > 1] == []
