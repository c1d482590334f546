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
from tests.stories import windows

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
            with urlopen(request, timeout=240) as response:
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
    assert process.wait(timeout=240) == 0


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Wait for another process's work: call until the answer is true, and return it."""

    def wait(question: Callable[[], Any], seconds: float = 240.0) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = question()
            if answer:
                return answer
            time.sleep(0.1)
        raise AssertionError(f"still not so after {seconds:.0f} seconds: {answer!r}")

    return wait


@pytest.fixture(autouse=True)
def _windows_end_with_the_test() -> Iterator[None]:
    """A page left open goes on asking the server, while the next test's database is emptied under it."""
    yield
    windows.close_all()


BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
ARTEFACTS = Path(__file__).resolve().parents[2] / "test-artifacts"


# Closed after each file: while its driver is open, this thread has a running event loop, and no test can start its own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real Chromium. Skipped, with the reason, where none is installed."""
    path = os.environ.get("CLOSEKNIT_CHROMIUM") or next((p for p in BROWSERS if Path(p).exists()), None)
    if path is None:
        pytest.skip("no Chromium found: install Debian's chromium or set CLOSEKNIT_CHROMIUM")
    from django.conf import settings
    from playwright.sync_api import sync_playwright

    from closeknit.web.assets import ensure_vega_bundle

    ensure_vega_bundle(settings.HOME)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


class Desk:
    """One person at one browser window. Every console error and every failed answer is kept, and must stay empty."""

    def __init__(self, browser: Any, base_url: str, scheme: str = "light", width: int = 1280) -> None:
        self.base_url = base_url
        self.scheme = scheme
        self.width = width
        self.page = windows.open_window(browser, viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.troubles: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("response", lambda r: self.troubles.append(f"{r.status} {r.url}") if r.status >= 500 else None)

    def _hear(self, message: Any) -> None:
        # The browser reports every refused request as an error; a refusal (4xx) is an answer, not a trouble.
        refused = "the server responded with a status of 4" in message.text
        if message.type == "error" and not refused:
            self.troubles.append(message.text)

    def sign_in(self, username: str, password: str) -> None:
        self.page.goto(f"{self.base_url}/sign-in/")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(f"{self.base_url}/")

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base_url}{path}")
        self.page.wait_for_load_state("networkidle")

    def keep(self, name: str) -> Path:
        """Keep a screenshot of the whole page as a test artefact, and see that it does not scroll sideways."""
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"{name}-{self.scheme}-{self.width}.png"
        self.page.wait_for_load_state("networkidle")
        self.page.screenshot(path=path, full_page=True)
        overflow = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{name} scrolls sideways by {overflow} px at {self.width}"
        return path


@pytest.fixture
def desk(chromium: Any, live_server: Any) -> Callable[..., Desk]:
    """Sit a person of the cast down at a browser."""
    from tests.cast import PASSWORD, enter

    def sit(username: str, scheme: str = "light", width: int = 1280) -> Desk:
        enter(username)
        place = Desk(chromium, live_server.url, scheme, width)
        place.sign_in(username, PASSWORD)
        return place

    return sit
