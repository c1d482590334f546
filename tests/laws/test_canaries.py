"""Bob reads every byte he can fetch: no account of another team is in it, and no price.

He follows every link, form and tile from every page, takes every export, calls every read of the API with every id
that exists (Alice's too), and asks the command line. Answers echo what he asked for; that echo is not counted.
"""

import contextlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.known_of_others import say_what_is_known
from tests.laws.test_matrix import ROWS, UNKNOWN, person
from tests.small_company import CANARIES, FOREIGN, FOREIGN_SMALL, SmallCompany, build

LINK = re.compile(r'(?:href|src|hx-get|action|formaction|data-src)="(/[^"#]*)', re.I)
MONEY_KEY = re.compile(r"price|cost|worth|money", re.I)
CONTRACT_MONEY = {"credit_per_miss", "least_worth"}
"""What a contract promises to pay is part of the promise, and shown with it; from which worth on a request may ask that
a promise bends is a setting that everybody reads."""
FORM_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{64}(?![A-Za-z0-9])")
"""Drawn anew for every page: now and then one happens to spell a canary."""
NO_PRICES = ("/api/v1/openapi.json", "/api/v1/policy", "decisions policy show --json")
"""A schema names fields, and a decision table says up to which sums rules decide: no account's money is in either."""
LITERATURE = ("/tiles/staffing-verified/", "/api/v1/staffing/verified")
"""Published results: numbers and years of books, which may look like any sum; they are made without data."""
OPEN_TO_ALL = {"/", "/sign-in/", "/sign-in/again/", "/api/v1/openapi.json"}
OWN = re.compile(r"/you/.*|/people/person:\d+/|(/api/v1|/tiles)?/(notices|absences|delegations|tokens|sessions).*")
"""What is about oneself: rights, notices, tokens."""
OPEN_TO_CUSTOMERS = {
    "/accounts/",
    "/accounts/ACME/",
    "/accounts/ACME/wrong/",
    "/terms/",
    "/tiles/account-terms/",
    "/board/",
    "/api/v1/accounts",
    "/api/v1/accounts/ACME",
    "/api/v1/terms",
    "/api/v1/board",
    "/api/v1/board/not-in-force",
}
COMMANDS = (
    "customers list",
    "customers list --search Quetzal",
    "customers show {foreign}",
    "customers insights list",
    "customers insights authors",
    "agreements list",
    "agreements list --account {foreign}",
    "demand runs",
    "demand replay {run}",
    "demand weeks warehouse",
    "demand pipeline warehouse",
    "demand explore warehouse",
    "demand explore warehouse --account {foreign}",
    "demand today warehouse",
    "demand horizons warehouse",
    "demand accuracy warehouse",
    "demand accuracy warehouse --by account",
    "demand accuracy warehouse --account {foreign}",
    "demand changes warehouse --weeks 104 --every",
    "demand exceptions --state any",
    "demand exceptions --state any --account {foreign}",
    "demand overrides",
    "demand overrides --account {foreign}",
    "demand override-value --by account",
    "demand assumptions",
    "demand assumptions --account {foreign}",
    "demand backtests",
    "demand sharing",
    "demand sharing-log",
    "capacity today warehouse",
    "capacity differences list",
    "demand weeks warehouse --account {foreign}",
    "demand weeks warehouse --account ACME",
    "capacity pools",
    "capacity plans",
    "capacity show {plan}",
    "capacity replay {plan}",
    "decisions inbox",
    "decisions proposals",
    "decisions policy show",
    "decisions exceptions list",
    "decisions ledger",
    "decisions ledger --account {foreign}",
    "decisions thread {thread}",
    "board",
    "sensing feeds",
    "sensing batches",
    "sensing quarantine",
    "org people",
)


@dataclass(frozen=True)
class Page:
    """One thing that was fetched."""

    address: str
    status: int
    text: str


@dataclass(frozen=True)
class Known:
    """The company, with what people know of it: ids by the names of curly parts."""

    company: SmallCompany
    ids: dict[str, list[Any]]


@pytest.fixture
def known(db, tmp_path: Path) -> Known:
    company = build(tmp_path)
    return Known(company, say_what_is_known(tmp_path, company))


@pytest.fixture
def company(db, tmp_path) -> SmallCompany:
    return build(tmp_path)


def fetch(client: Client, address: str) -> Page:
    """Fetch one address."""
    answer = client.get(address)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return Page(address, answer.status_code, body.decode("utf-8", "replace"))


def crawl(client: Client, known: Known) -> Iterator[Page]:
    """Fetch everything that can be reached by links, and everything that the table of routes knows."""
    waiting, seen = ["/", *known_addresses(known)], set()
    while waiting:
        address = unescape(waiting.pop())
        if address in seen or address.startswith("/static/"):
            continue
        seen.add(address)
        page = fetch(client, address)
        yield page
        waiting += LINK.findall(page.text)
        if not address.startswith("/api/") and "format=" not in address:
            joint = "&" if "?" in address else "?"
            waiting += [f"{address}{joint}format={kind}" for kind in ("csv", "claims")]


def known_addresses(known: Known) -> list[str]:
    """Every GET of the table of routes, with every id there is in every place."""
    from closeknit.rooms.capacity.models import Plan
    from closeknit.rooms.decisions.models import LedgerEntry, Proposal
    from closeknit.rooms.demand.models import ForecastRun

    values: dict[str, list[Any]] = {
        "entry_id": list(LedgerEntry.objects.values_list("pk", flat=True)),
        "thread_id": sorted(set(LedgerEntry.objects.values_list("thread_id", flat=True))),
        "plan_id": list(Plan.objects.values_list("pk", flat=True)),
        "run_id": list(ForecastRun.objects.values_list("pk", flat=True)),
        "proposal_id": list(Proposal.objects.values_list("pk", flat=True)),
        "account_number": ["ACME", FOREIGN, FOREIGN_SMALL],
        "name": [known.company.feed],
        "feed": [known.company.feed],
        **known.ids,
    }
    found = []
    for row in ROWS:
        if row.method != "GET":
            continue
        parts = re.findall(r"\{(\w+)\}", row.address)
        choices = product(*(values.get(part, [UNKNOWN]) for part in parts))
        found += [row.address.format(**dict(zip(parts, chosen, strict=True))) for chosen in choices]
    asked = [address.replace("=ACME", f"={FOREIGN}") for address in found if "=ACME" in address]
    lists = ["accounts", "board"]
    searches = [f"/api/v1/{name}?search={FOREIGN}" for name in lists] + [f"/{name}/?search={FOREIGN}" for name in lists]
    return [*found, *asked, *searches, f"/api/v1/terms?account_number={FOREIGN}", f"/terms/?account={FOREIGN}"]


def commands(username: str, company: SmallCompany, monkeypatch: Any) -> Iterator[Page]:
    """Run every reading command as a person, in text and as JSON."""
    from closeknit.web import boot, cli

    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    for template in COMMANDS:
        ids = {"plan": company.plan_id, "thread": company.thread_id, "run": company.run_id}
        command = template.format(foreign=FOREIGN, **ids)
        for form in ([], ["--json"]):
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = cli.main([*command.split(), "--as", username, *form])
            yield Page(" ".join([command, *form]), status, out.getvalue() + err.getvalue())


def without_echo(page: Page) -> str:
    """The text without the ids that the address itself asked for, and without what is drawn by chance."""
    text = FORM_TOKEN.sub("…", page.text)
    for asked in re.findall(r"QZX7-\d(?:-\d+)?|Quetzal|small-company", page.address):
        text = re.sub(rf"(?<![\w-]){asked}(?![\w-])", "…", text)
    return text


def leaks(pages: Iterable[Page]) -> list[tuple[str, str]]:
    """Where a word of another team's accounts occurs."""
    return [(p.address, word) for p in pages for word in CANARIES if word in without_echo(p)]


def prices() -> set[str]:
    """Every sum of money of plans, pools and proposals of more than two digits, as text and pages write it."""
    from closeknit.rooms.capacity.models import ClaimWeekRow, Plan, Pool, PoolWeekRow
    from closeknit.rooms.decisions.models import Proposal

    tables = {
        Plan: ("overtime_cost", "shortfall_cost", "regular_cost"),
        PoolWeekRow: ("price_per_hour", "one_more_unit_worth", "one_less_unit_cost"),
        ClaimWeekRow: ("shortfall_cost",),
        Pool: ("cost_per_hour", "overtime_cost_per_hour"),
        Proposal: ("money_at_stake",),
    }
    sums = {v for table, fields in tables.items() for row in table.objects.values_list(*fields) for v in row}
    return {text for value in sums if value > 10 for text in spellings(value)}


def spellings(value: Decimal) -> set[str]:
    """How a sum may be written."""
    found = {f"{value:.2f}", f"{value:,.2f}", f"{value:.4f}"}
    return found | ({f"{value:,.0f}", f"{value:.0f}"} if value >= 1000 else set())


def priced(pages: list[Page]) -> list[tuple[str, str]]:
    """Where a price is: as a number, or under a key or heading of money that is not empty."""
    sums = prices()
    # On its own: ids and digests hold any four digits now and then.
    written = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, sorted(sums, key=len, reverse=True)))})(?![\w-])")
    ours = [page for page in pages if _path(page.address) not in LITERATURE]
    numbers = [(page.address, text) for page in ours for text in sorted(set(written.findall(page.text)))]
    return numbers + [(page.address, key) for page in pages for key in money_keys(page)]


def money_keys(page: Page) -> list[str]:
    """Keys of money with a value in a JSON answer, and columns of money with a value in an export."""
    if "format=" in page.address:
        lines = [line.split(",") for line in page.text.removeprefix("\ufeff").splitlines()]
        head = lines[0] if lines else []
        at = [i for i, name in enumerate(head) if MONEY_KEY.search(name)]
        return [head[i] for i in at if len(head) > 1 and any(line[i] for line in lines[1:])]
    if page.address in NO_PRICES:
        return []
    with contextlib.suppress(ValueError):
        return sorted(set(named(json.loads(page.text))) - CONTRACT_MONEY)
    return []


def named(value: Any) -> Iterator[str]:
    """Every key of money that holds something."""
    if isinstance(value, list):
        for item in value:
            yield from named(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if MONEY_KEY.search(key) and item is not None:
                yield key
            yield from named(item)


def everything(username: str, known: Known, monkeypatch: Any) -> list[Page]:
    """All that a person can fetch, by HTTP and by the command line."""
    return [*crawl(person(username), known), *commands(username, known.company, monkeypatch)]


def test_bob_meets_no_account_of_another_team_and_no_price(known, monkeypatch):
    pages = everything("bob", known, monkeypatch)
    assert sum(page.status == 200 for page in pages) > 40
    assert any("ACME" in page.text for page in pages)
    assert leaks(pages) == []
    assert priced(pages) == []


def test_gina_meets_her_own_account_its_terms_and_its_line_of_the_board_only(known, monkeypatch):
    pages = everything("gina", known, monkeypatch)
    assert leaks(pages) == []
    assert priced(pages) == []
    assert ordered_money(pages) == []
    fetched = {_path(page.address) for page in pages if page.status == 200 and page.address.startswith("/")}
    others = {path for path in fetched if not OWN.fullmatch(path)} - OPEN_TO_ALL
    assert (sorted(others - OPEN_TO_CUSTOMERS), sorted(OPEN_TO_CUSTOMERS - others)) == ([], [])
    # Why ACME has its tier, and which feed says so.
    told = [p.address for p in pages if "Stated by" in p.text or "small-company" in without_echo(p)]
    assert told == []


def _path(address: str) -> str:
    return address.partition("?")[0]


def ordered_money(pages: list[Page]) -> list[str]:
    """Where the customer reads what a miss costs us, or what it bought, as a number under a key of money."""
    keys = {"credit_per_miss", "amount_last_52_weeks", "other_amounts"}
    found = [page for page in pages if page.address.startswith("/api/v1/") and page.status == 200]
    rows = [row for page in found for row in _rows(page) if isinstance(row, dict)]
    return [key for row in rows for key in keys if row.get(key) is not None]


def _rows(page: Page) -> list[Any]:
    if page.address == "/api/v1/openapi.json":
        return []
    answer = json.loads(page.text)
    return answer if isinstance(answer, list) else [answer]


def test_dave_meets_no_account_at_all(known, monkeypatch):
    pages = everything("dave", known, monkeypatch)
    assert leaks(pages) == []
    assert priced(pages) == []
    assert not any("Acme Works" in page.text for page in pages)


def test_red_twin_alice_meets_them_all(known, monkeypatch):
    pages = everything("alice", known, monkeypatch)
    met = leaks(pages)
    assert {word for _, word in met} == set(CANARIES)
    known_of_them = {"overrides", "assumptions", "insights", "pipeline", "demand-changes"}
    assert {f"/api/v1/{name}" for name in known_of_them} - {_path(address) for address, _ in met} == set()
    found = priced(pages)
    assert {key for _, key in found} >= {"money_at_stake", "shortfall_cost", "price_per_hour", "cost_per_hour"}
    assert len({address for address, _ in found}) > 15


def test_whoever_reads_the_whole_ledger_may_read_prices():
    """The evidence of plans holds costs, and is shown as it was recorded."""
    from closeknit.rooms.org.contracts import PERMISSIONS_OF, SEES_EVERY_ACCOUNT, Permission

    for role, may in PERMISSIONS_OF.items():
        if Permission.READ_LEDGER in may or Permission.DECIDE in may:
            assert Permission.READ_PRICES in may, role
        if Permission.READ_FEEDS in may:
            assert role in SEES_EVERY_ACCOUNT, role


def test_a_proposal_without_the_right_to_prices_has_no_money(company, carol):
    from closeknit.rooms.decisions import reads

    blind = carol.within(carol.permissions - {"prices.read", "money.read"})
    assert reads.get_proposal(company.proposal_id, by=carol).money_at_stake is not None
    assert reads.get_proposal(company.proposal_id, by=blind).money_at_stake is None


def test_why_a_thread_failed_is_for_those_who_see_every_row(company, alice, bob):
    from closeknit.kernel import work
    from closeknit.kernel.models import Delivery, EventRow

    event = EventRow.objects.filter(thread_id=company.thread_id).first()
    Delivery.objects.create(event=event, listener="x:y", state="dead", tries=5, last_error=f"Row {FOREIGN} broke.")
    assert FOREIGN in (work.find_failure_of_thread(company.thread_id, by=alice) or "")
    said = work.find_failure_of_thread(company.thread_id, by=bob)
    assert said
    assert FOREIGN not in said
