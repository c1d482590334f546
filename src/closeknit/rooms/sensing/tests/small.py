"""A small recipe and its files, for tests of loading."""

from datetime import UTC, datetime
from pathlib import Path

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.actions.ingest_batch import ingest_batch
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.contracts import BatchCard
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.sources import open_path

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RECIPE = """
recipe: small
title: Small
time_zone: Europe/Berlin
private: [phone]
streams:
  - name: accounts
    from: accounts.csv
    into: account
    fields: {account_number: number, name: {from: name, required: true}, tier: tier}
  - name: calls
    from: "calls*.csv"
    into: work
    key: [id]
    refuse:
      - {when: {kind: test}, code: test-call, reason: "Call {id} was a test."}
    fields:
      operation: {value: desk}
      service: {value: phone}
      occurred_at: at
      quantity: {from: calls, required: true}
      account_number: account
      handle_minutes: {from: seconds, unit: seconds}
      promised_minutes: promised
      is_return: {when: {kind: back}}
    details: {topic: topic}
accounts: {rank_by: quantity, tiers: {strategic: 0.25, key: 0.25}, otherwise: volume}
promises: {measure: resolve_within, target_share: 0.9}
assumptions: [Everything is small.]
assumed_facts:
  term:
    - {term_number: T1, operation: desk, service: phone, measure: answer_within, threshold_minutes: 1,
    target_share: 0.8, credit_per_miss: 1.50, currency: EUR, starts_on: 2026-01-01}
"""
HEADER = "id,at,calls,account,seconds,promised,kind,topic,phone\n"


def call(number: int, *, at: str = "", calls: str = "1", account: str = "A1", kind: str = "", topic: str = "") -> str:
    """Return one CSV line of a call."""
    moment = at or f"2026-02-{1 + number % 28:02d}T10:{number % 60:02d}:00"
    return f"{number},{moment},{calls},{account},90,,{kind},{topic},+49 30 1234\n"


def write_calls(folder: Path, lines: list[str], name: str = "calls.csv") -> Path:
    """Write a file of calls and return its path."""
    path = folder / name
    path.write_text(HEADER + "".join(lines), encoding="utf-8")
    return path


def load(path: Path, by: Actor, *, recipe: str = RECIPE, on_progress: object = None) -> BatchCard:
    """Load a path by a recipe's text."""
    register_feed(recipe, place="small.yaml", by=by, at=AT)
    read = read_recipe(recipe, "small.yaml")
    return ingest_batch(read.name, open_path(path, read), by=by, at=AT, on_progress=on_progress)  # type: ignore[arg-type]
