"""Make an anonymised copy of an operation: written only when it is proven to keep behaviour and to show nobody."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.cells import csv_cell
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.keys import KEY_BYTES
from closeknit.kernel.output import plain
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.compute.copy_report import alike, distances_of, near_shares, seasonality_correlation
from closeknit.rooms.privacy.compute.copying import copy_work, generalise, pseudonym
from closeknit.rooms.privacy.contracts.copies import (
    LEAST_ALIKE,
    MOST_NEAR_SHARE,
    Copy,
    CopyReport,
    CopySource,
    CopyWork,
)
from closeknit.rooms.privacy.contracts.purposes import TEST_COPY
from closeknit.rooms.privacy.reads.consents import list_refused

LEAST_CORRELATION = 0.9
SHORTEST_WORD = 4
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RECIPE = """recipe: copy-of-{operation}
title: Anonymised copy
time_zone: {zone}
streams:
  - name: accounts
    from: accounts.csv
    apostrophes: true
    into: account
    fields: {{account_number: account, name: account, tier: tier, region: region}}
  - name: work
    from: work.csv
    apostrophes: true
    into: work
    key: [event]
    fields: {{operation: {{value: {operation}}}, service: service, region: region, occurred_at: at, quantity: quantity,
             account_number: {{from: account, known: account}}, amount: amount, currency: {{value: {currency}}}}}
assumptions: [Every account is made of several real ones.]
"""


def make_copy(operation: str, to: Path, *, seed: int | None = None, by: Actor, at: datetime) -> CopyReport:
    """Write accounts, work, a recipe to load them and the report into a new folder, and return the report.

    Raises what `draw_copy` raises, and Invalid for a folder that holds something.
    """
    by.require(Permission.MANAGE_PRIVACY)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise Invalid("This folder holds something.", where=str(to), todo="Name a new or an empty one.")
    copy = draw_copy(operation, seed=seed, by=by, at=at)
    to.mkdir(parents=True, exist_ok=True)
    for name, body in copy.files.items():
        (to / name).write_bytes(body)
    return copy.report


def draw_copy(operation: str, *, seed: int | None = None, by: Actor, at: datetime) -> Copy:
    """Return an anonymised copy as files, with its report, and put it on record.

    Accounts that do not allow it are left out, and so are those of which fewer than five would be alike. The key of the
    pseudonyms is thrown away. `seed` None: other events each time.

    Raises:
        NotFound: for an operation without work.
        Conflict: where the copy would show somebody, or would not behave like the original.
    """
    by.require(Permission.MANAGE_PRIVACY)
    source: CopySource = declared("copy source")["gather"](operation, by=by)
    refused = list_refused(TEST_COPY, (account.account_number for account in source.accounts), by=by, at=at)
    rng = np.random.default_rng(seed)
    # Who refuses is left out before groups are made: the others must be alike without it.
    asked = [account for account in source.accounts if account.account_number not in refused]
    pairs = iter(generalise(asked))
    shown = [None if account.account_number in refused else next(pairs) for account in source.accounts]
    copied = copy_work(source, shown, rng)
    report = _report(source, copied, shown, rng, at)
    _refuse_what_fails(report)
    files = dict(_files(source, copied, shown, os.urandom(KEY_BYTES)))
    digest = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()
    report = replace(report, sha256=digest)
    files["report.json"] = json.dumps(plain(report), indent=2).encode()
    _refuse_words(source, files)
    with transaction.atomic():
        record_entry(_entry(report), by=by)
    return Copy(report, files)


def _report(
    source: CopySource,
    copied: CopyWork,
    shown: list[tuple[str, str] | None],
    rng: np.random.Generator,
    at: datetime,
) -> CopyReport:
    distances = distances_of(source.work, copied)
    correlation = seasonality_correlation(source.work, copied)
    near, baseline = near_shares(source.work, copied, rng)
    k = alike(shown)
    return CopyReport(
        copy_id=ids.new_id(),
        operation=source.operation,
        made_at=at,
        accounts=sum(pair is not None for pair in shown),
        left_out=sum(pair is None for pair in shown),
        events=int(copied.account.size),
        k=k,
        distances=distances,
        seasonality_correlation=correlation,
        near_share=near,
        near_baseline=baseline,
        keeps_behaviour=all(each.held for each in distances) and correlation >= LEAST_CORRELATION,
        is_private=k >= LEAST_ALIKE and near <= MOST_NEAR_SHARE,
    )


def _refuse_what_fails(report: CopyReport) -> None:
    if not report.is_private:
        raise Conflict(
            f"The copy would show somebody: {report.k} accounts are alike at least, and {report.near_share:.1%} lie"
            " nearer to a real account than real ones do.",
            where=report.operation,
            todo="Copy an operation with more accounts.",
        )
    if not report.keeps_behaviour:
        moved = ", ".join(f"{each.feature} {each.distance:.2f}" for each in report.distances if not each.held)
        raise Conflict(
            f"The copy would not behave like the original: {moved or 'its weeks have another shape'}.",
            where=report.operation,
            todo="Copy an operation with more work, or a longer history.",
        )


def _files(
    source: CopySource, copied: CopyWork, shown: list[tuple[str, str] | None], key: bytes
) -> Iterator[tuple[str, bytes]]:
    names = [pseudonym(key, account.account_number) for account in source.accounts]
    by_name = sorted((names[i], pair) for i, pair in enumerate(shown) if pair is not None)
    yield "accounts.csv", _csv(("account", "tier", "region"), ((name, *pair) for name, pair in by_name))
    head = ("event", "at", "account", "service", "region", "quantity", "amount")
    yield "work.csv", _csv(head, _events(copied, names))
    recipe = RECIPE.format(operation=source.operation, zone=source.time_zone, currency=copied.currency or "EUR")
    yield "recipe.yaml", recipe.encode()


def _events(copied: CopyWork, names: list[str]) -> Iterator[tuple[object, ...]]:
    order = np.argsort(copied.minute, kind="stable")
    for number, place in enumerate(order):
        yield (
            f"e{number}",
            (EPOCH + timedelta(minutes=int(copied.minute[place]))).strftime("%Y-%m-%dT%H:%M:00"),
            names[copied.account[place]],
            copied.services[copied.service[place]],
            copied.regions[copied.region[place]],
            f"{copied.quantity[place]:g}",
            f"{copied.amount[place]:.2f}",
        )


def _csv(head: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _refuse_words(source: CopySource, files: dict[str, bytes]) -> None:
    """Look for every real number, name and team in every byte: the copy proves itself, whatever its maker thought."""
    shared = {word for pair in ("other", source.operation, *source.work.services) for word in (pair,)}
    words = {word for a in source.accounts for word in (a.account_number, a.name, a.team)} - shared
    columns = {cell for body in files.values() for cell in body.decode().replace("\n", ",").split(",")}
    everything = b"\n".join(files.values())
    for word in sorted(words):
        if word and (
            word in columns or (len(word) >= SHORTEST_WORD and word.encode() in everything and not word.isdigit())
        ):
            raise Conflict("A real name or number would be in the copy.", where=source.operation, todo="Report this.")


def _entry(report: CopyReport) -> Entry:
    return Entry(
        thread_id=report.copy_id,
        kind="copy.made",
        subject=f"copy:{report.copy_id}",
        sentence=f"{{actor}} made an anonymised copy of {report.operation}: {report.accounts:,} accounts,"
        f" {report.events:,} events, {report.k} alike at least.",
        evidence={
            "copy_id": report.copy_id,
            "sha256": report.sha256,
            "accounts": report.accounts,
            "left_out": report.left_out,
            "events": report.events,
            "k": report.k,
            "near_share": report.near_share,
            "distances": {each.feature: each.distance for each in report.distances},
        },
    )
