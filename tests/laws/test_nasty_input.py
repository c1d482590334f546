"""Nothing that a request can hold breaks the program: every parameter of every address, with everything nasty."""

import json
import os
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.http import QueryDict
from django.test import Client
from tests.laws.test_matrix import ROWS, Row, person, places_in

NASTY = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "%00",
    "'",
    '"><script>alert(1)</script>',
    "{{7*7}}",
    "%s%(x)s",
    "../../etc/passwd",
    "\\",
    "-1",
    "0",
    "1e400",
    "NaN",
    "-Infinity",
    "9" * 30,
    "9" * 5000,
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "00000000-0000-0000-0000-000000000000",
    "\u202e\ud7ff\U0010ffff",
    "x" * 10_000,
    "é" * 200,
    "[]",
    "true",
)
RAW = ("%ff%fe", "%ed%a0%80", "%", "%zz", "a&b=c", "=", "[]=1", "x[]=1", ";")
"""Query strings as they stand, also those that no encoder writes."""
BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b"NaN",
    b'{"operation": NaN}',
    b'{"operation": 1e400}',
    b'{"operation": "warehouse", "operation": "x"}',
    b'{"operation": "\\u0000"}',
    b'{"operation": "\\ud800"}',
    b'{"operation": "\xff"}',
    b'{"operation": "warehouse", "weeks": 99999999999999999999999999}',
    b'{"operation": "warehouse", "weeks": -1}',
    b'{"operation": "warehouse", "weeks": 1e400}',
    b'{"operation": "warehouse", "as_of": "0001-01-01T00:00:00Z"}',
    b'{"operation": "warehouse", "as_of": "9999-12-31T23:59:59-12:00"}',
    b'{"operation": "warehouse", "as_of": "2026-02-01T00:00:00"}',
    b'{"operation": "' + b"x" * 100_000 + b'"}',
    b"[" * 100_000,
    b'{"reason": "' + b"\\u0000" + b'"}',
    b'{"reason": {"a": "b"}}',
    b"9" * 5000,
)
IS_LONG = bool(os.environ.get("CLOSEKNIT_SLOW"))
STEP = 1 if IS_LONG else 3
"""In the short form each parameter meets every third value, and which ones differs from parameter to parameter."""


@pytest.fixture
def places(db, tmp_path) -> dict[str, Any]:
    return places_in(tmp_path)


@pytest.fixture
def heard(monkeypatch) -> set[str]:
    """The names of query parameters that pages ask for."""
    names: set[str] = set()
    for method in ("get", "__getitem__", "__contains__", "getlist"):
        real = getattr(QueryDict, method)

        def spy(self: QueryDict, key: str, *rest: Any, _real: Any = real) -> Any:
            names.add(key)
            return _real(self, key, *rest)

        monkeypatch.setattr(QueryDict, method, spy)
    return names


def get_rows(prefix: str, inside: bool) -> list[Row]:
    return [row for row in ROWS if row.method == "GET" and row.address.startswith(prefix) is inside]


def test_no_page_breaks_on_any_parameter(places, heard):
    alice = person("alice")
    troubles, asked = [], 0
    for row in get_rows("/api/", False):
        path, _, query = row.address.format(**places).partition("?")
        heard.clear()
        alice.get(f"{path}?{query}")
        names = sorted(heard - {"csrfmiddlewaretoken"})
        for address in [*spoiled(path, query, names), *(f"{path}?{raw}" for raw in _share_of(RAW, path))]:
            asked += 1
            troubles += trouble(alice, address)
    assert troubles == []
    assert asked > (1000 if IS_LONG else 300)


def test_no_operation_breaks_on_any_parameter(places):
    from closeknit.web.api import api

    alice = person("alice")
    paths = api.get_openapi_schema()["paths"]
    troubles, asked = [], 0
    for row in get_rows("/api/v1/", True):
        operation = paths.get(row.address.partition("?")[0], {}).get("get", {})
        path, _, query = row.address.format(**places).partition("?")
        names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
        for address in [
            *spoiled(path, query, names),
            *spoiled_paths(row, places),
            *(f"{path}?{raw}" for raw in _share_of(RAW, path)),
        ]:
            asked += 1
            troubles += trouble(alice, address)
    assert troubles == []
    assert asked > (500 if IS_LONG else 150)


def test_no_body_breaks_an_operation(places):
    alice, carol = person("alice"), person("carol")
    troubles = []
    for body in BODIES:
        for who, path in (
            (alice, "/api/v1/plans"),
            (carol, f"/api/v1/proposals/{places['proposal_id']}/approve"),
            (carol, f"/api/v1/proposals/{places['proposal_id']}/reject"),
            (alice, "/api/v1/feeds/small-company/batches?stream=orders"),
        ):
            answer = who.post(path, body, content_type="application/json")
            expected = (400, 409, 422) if "batches" not in path else (201, 400, 422)
            is_told = answer.status_code in (201, 202) or "code" in json.loads(answer.content)
            if answer.status_code not in expected or not is_told:
                troubles.append((path, body[:80], answer.status_code, answer.content[:200]))
    assert troubles == []


def spoiled(path: str, query: str, names: list[str]) -> Iterator[str]:
    """The address with each parameter spoiled in turn, the others as they were."""
    usual = dict(part.split("=", 1) for part in query.split("&") if part)
    for name in names:
        for nasty in _share_of(NASTY, f"{path} {name}"):
            parts = {**{k: quote(v) for k, v in usual.items()}, name: quote(nasty)}
            yield f"{path}?" + "&".join(f"{k}={v}" for k, v in parts.items())


def _share_of(values: tuple[str, ...], where: str) -> tuple[str, ...]:
    """Every value in the long form; otherwise a share of them that depends on where they go."""
    return values[zlib.crc32(where.encode()) % STEP :: STEP]


def spoiled_paths(row: Row, places: dict[str, Any]) -> Iterator[str]:
    """The address with its curly part spoiled."""
    for part in places:
        if "{" + part + "}" in row.address:
            for nasty in _share_of(NASTY, f"{row.address} {part}"):
                yield row.address.format(**{**places, part: quote(nasty, safe="")})


def trouble(client: Client, address: str) -> list[tuple[int, str]]:
    """The status and address where the answer is a fault of ours, or an API error is no problem document."""
    answer = client.get(address)
    if getattr(answer, "streaming", False):
        b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    elif address.startswith("/api/") and answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json", address
        assert json.loads(answer.content)["code"], address
    return [(answer.status_code, address[:200])] if answer.status_code >= 500 else []
