"""Pages of the ledger and of threads."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.kernel.listing import Column, Listing, read_listing
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.contracts import LedgerLine, ThreadCard
from closeknit.rooms.decisions.forms import LedgerFilter, ThreadFilter
from closeknit.rooms.org.contracts import Permission

COLUMNS = (
    Column("when", "When", is_sortable=False, fields=("recorded_at",)),
    Column("what", "What", is_fixed=True, is_sortable=False, fields=("sentence",)),
    Column("who", "Who", is_sortable=False, fields=("actor",)),
    Column("account", "Account", is_sortable=False, fields=("account_number",)),
    Column("kind", "Kind", fields=("kind",)),
    Column("subject", "Subject", is_sortable=False, is_shown=False, fields=("subject",)),
    Column("hash", "Hash", is_sortable=False, is_shown=False, fields=("leaf_sha256",)),
    Column("line", "Line", is_number=True, fields=("entry",)),
)
EXPORTED = {
    "entry": "entry_id",
    "recorded_at": "recorded_at",
    "kind": "kind",
    "actor": "actor_name",
    "account_number": "account_number",
    "sentence": "sentence",
    "subject": "subject",
    "thread_id": "thread_id",
    "leaf_sha256": "leaf_sha256",
}
THREAD_COLUMNS = (
    Column("last", "Last step", is_fixed=True, is_sortable=False, fields=("thread_id", "last_sentence")),
    Column("first", "Began with", is_sortable=False, fields=("first_sentence",)),
    Column("moved", "Last moved", fields=("moved_at",)),
    Column("began", "Began", is_shown=False, fields=("started_at",)),
    Column("steps", "Steps", is_sortable=False, is_number=True, fields=("entries",)),
)
THREADS_EXPORTED = ("thread_id", "first_sentence", "last_sentence", "started_at", "moved_at", "entries")
PAGE_ROWS = 100
EXPORT_ROWS = 1000
LARGEST_ID = 2**63 - 1


@require_GET
def show_ledger(request: Request) -> HttpResponseBase:
    """What was decided, by whom, on what evidence?"""
    by: Actor = request.actor
    form = LedgerFilter(request.GET)
    chosen = _chosen(form)
    listing = read_listing(request.GET, COLUMNS, sort="-line")
    if request.GET.get("format") == "csv":
        return _export(by, listing, chosen)
    after = request.GET.get("after", "")
    lines = reads.list_entries(by=by, sort=listing.sort, after=after, limit=PAGE_ROWS + 1, **chosen)
    more = lines[PAGE_ROWS - 1].entry_id if len(lines) > PAGE_ROWS else None
    return render(
        request,
        "decisions/ledger.html",
        {
            "form": form,
            "listing": listing,
            "lines": lines[:PAGE_ROWS],
            "more": more,
            "filtered": any(chosen.values()),
            "seal": reads.get_seal(by=by),
            "now": clock.now(),
        },
    )


@require_GET
def download_receipt(request: Request, entry_id: int) -> HttpResponseBase:
    """What proves this line to someone who has neither the database nor the network?"""
    by: Actor = request.actor
    if entry_id > LARGEST_ID:
        raise NotFound("There is no such ledger entry.", where=f"line {entry_id}")
    receipt = reads.get_receipt(entry_id, by=by)
    return JsonResponse(
        receipt, headers={"Content-Disposition": f'attachment; filename="receipt-line-{entry_id}.json"'}
    )


@require_GET
def show_threads(request: Request) -> HttpResponseBase:
    """Which chains of events moved last?"""
    by: Actor = request.actor
    form = ThreadFilter(request.GET)
    account = form.cleaned_data["account"] if form.is_valid() else ""
    listing = read_listing(request.GET, THREAD_COLUMNS, sort="-moved")
    asked: dict[str, Any] = {"account_number": account, "sort": listing.sort}
    if request.GET.get("format") == "csv":
        header = listing.fields_of(THREADS_EXPORTED)
        rows = (tuple(getattr(thread, name) for name in header) for thread in _every_thread(by, asked))
        return csv_response("threads", header, rows)
    threads = reads.list_threads(by=by, after=request.GET.get("after", ""), limit=PAGE_ROWS + 1, **asked)
    more = threads[PAGE_ROWS - 1].thread_id if len(threads) > PAGE_ROWS else None
    context = {"form": form, "listing": listing, "threads": threads[:PAGE_ROWS], "more": more, "account": account}
    return render(request, "decisions/threads.html", context)


def _every_thread(by: Actor, asked: dict[str, Any]) -> Iterator[ThreadCard]:
    after = ""
    while threads := reads.list_threads(by=by, after=after, limit=EXPORT_ROWS, **asked):
        yield from threads
        after = str(threads[-1].thread_id)


@require_GET
def show_thread(request: Request, thread_id: UUID) -> HttpResponseBase:
    """Why is it so? Every step of one thread, oldest first."""
    by: Actor = request.actor
    lines = reads.get_thread(thread_id, by=by)
    return render(
        request,
        "decisions/thread.html",
        {
            "thread_id": thread_id,
            "steps": [_step(line) for line in lines],
            "first": lines[0],
            "last": lines[-1],
            "may_replay": by.may(Permission.READ_LEDGER),
        },
    )


@require_GET
def show_replay(request: Request, thread_id: UUID) -> HttpResponseBase:
    """Does each decision of the thread come out the same again?"""
    by: Actor = request.actor
    return render(request, "decisions/replay.html", {"replay": reads.replay_thread(thread_id, by=by)})


@require_GET
def show_account_tile(request: Request) -> HttpResponseBase:
    """The last decisions about one account."""
    by: Actor = request.actor
    account = request.GET.get("account", "")
    lines = reads.list_entries(by=by, account_number=account, limit=12) if account else []
    return render(request, "decisions/account_tile.html", {"lines": lines, "account": account})


def _chosen(form: LedgerFilter) -> dict[str, Any]:
    if not form.is_valid():
        return {}
    data = form.cleaned_data
    return {
        "account_number": data["account"],
        "kind": data["kind"],
        "actor": data["actor"],
        "since_at": _start_of(data["since"]),
        "until_at": _end_of(data["until"]),
        "before_id": data["before"],
    }


def _start_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), tzinfo=UTC) if day else None


def _end_of(day: date | None) -> datetime | None:
    return _start_of(day + timedelta(days=1)) if day and day < date.max else None


def _export(by: Actor, listing: Listing, chosen: dict[str, Any]) -> HttpResponseBase:
    header = listing.fields_of(list(EXPORTED))
    found = _every(by, {**chosen, "sort": listing.sort})
    return csv_response("ledger", header, (tuple(getattr(line, EXPORTED[name]) for name in header) for line in found))


def _every(by: Actor, asked: dict[str, Any]) -> Iterator[LedgerLine]:
    after = ""
    while lines := reads.list_entries(by=by, after=after, limit=EXPORT_ROWS, **asked):
        yield from lines
        after = str(lines[-1].entry_id)


SUBJECT_PAGES = {
    "plan": "plan-detail",
    "forecast": "demand-detail",
    "feed": "feed-detail",
    "account": "account-detail",
    "escalation": "escalation-detail",
    "duty-calendar": "duty-week",
}


SUBJECT_ARGUMENT = {
    "plan": "plan_id",
    "forecast": "run_id",
    "feed": "feed",
    "account": "account_number",
    "escalation": "escalation_id",
    "duty-calendar": "calendar",
}


def _step(line: LedgerLine) -> dict[str, Any]:
    """A ledger line, its tone, and the address of what it is about, found by name."""
    kind, _, about = line.subject.partition(":")
    tone = "bad" if line.kind.endswith(("rejected", "failed", "withdrawn")) else ""
    tone = "good" if line.kind.endswith(("approved", "committed")) else tone
    address = ""
    if kind in SUBJECT_PAGES and about:
        address = _address(SUBJECT_PAGES[kind], SUBJECT_ARGUMENT[kind], about)
    return {"line": line, "tone": tone, "address": address, "subject_kind": kind.replace("-", " ")}


def _address(page: str, argument: str, about: str) -> str:
    try:
        return reverse(page, kwargs={argument: about})
    except NoReverseMatch:
        return ""
