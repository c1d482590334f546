"""Stories run the real parts: the command line and the worker as processes, HTTP on a socket, real PostgreSQL."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from closeknit.demo import CompanySpec, generate

ENDS_ON = date(2026, 3, 2)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a small sample company, made once."""
    folder = tmp_path_factory.mktemp("company")
    generate(CompanySpec(seed=7, accounts=60, weeks=40, ends_on=ENDS_ON), folder)
    return folder


@dataclass(frozen=True)
class Answer:
    """What an HTTP call gave back."""

    status: int
    body: Any
    content_type: str


class Program:
    """A program that calls the API with a token."""

    def __init__(self, base_url: str, token: str) -> None:
        self.base_url = base_url
        self.token = token

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> Answer:
        return self.call("POST", path, body)

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{self.base_url}/api/v1{path}", data=data, headers=headers, method=method)
        try:
            with urlopen(request, timeout=60) as response:
                return Answer(response.status, json.loads(response.read() or b"null"), response.headers["Content-Type"])
        except HTTPError as failure:
            return Answer(failure.code, json.loads(failure.read() or b"null"), failure.headers["Content-Type"])


@pytest.fixture
def environment(transactional_db: None) -> dict[str, str]:
    """The environment in which processes of their own see the test's database."""
    from django.db import connection

    settings = connection.settings_dict
    host, port = settings["HOST"], settings["PORT"]
    place = f"host={host}" + (f"&port={port}" if port else "")
    password = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
    url = f"postgresql://{settings['USER']}{password}@/{settings['NAME']}?{place}"
    source = str(Path(__file__).resolve().parents[2] / "src")
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "DATABASE_URL": url, "PYTHONPATH": path, "CLOSEKNIT_TEST_SUFFIX": ""}


@pytest.fixture
def closeknit(environment: dict[str, str]) -> Callable[..., Any]:
    """Run the command line as a process and return its JSON."""

    def run(*arguments: object, status: int = 0) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "closeknit.web.cli", *map(str, arguments), "--json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The real worker process, beside the test."""
    process = subprocess.Popen([sys.executable, "-m", "closeknit.web.worker"], env=environment, text=True)
    yield process
    process.terminate()
    assert process.wait(timeout=30) == 0


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Wait for another process's work: call until the answer is true, and return it."""

    def wait(question: Callable[[], Any], seconds: float = 90.0) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = question()
            if answer:
                return answer
            time.sleep(0.1)
        raise AssertionError(f"still not so after {seconds:.0f} seconds: {answer!r}")

    return wait
