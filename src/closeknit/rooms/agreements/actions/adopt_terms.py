"""Take over terms from what was observed: stated terms, and the promises that the source itself records."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.agreements.contracts import Clock, Measure, TermSource
from closeknit.rooms.agreements.contracts.deals import SIGNED_HERE
from closeknit.rooms.agreements.models import Contract, TermRow
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import BatchCard, FactCard, FactKind, PromiseRule, RecordedPromise


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of a term as it should stand after this batch."""

    contract_number: str
    term_number: str
    account_number: str
    tier: str
    operation: str
    service: str
    work_class: str
    measure: str
    threshold_minutes: float
    clock: str
    target_share: float
    credit_per_miss: Decimal
    currency: str
    starts_on: date
    ends_on: date | None
    source: str
    source_feed: str


_FIELDS = tuple(name for name in _Version.__slots__ if name != "contract_number")


def adopt_terms(batch_id: int, *, thread_id: UUID, by: Actor) -> int:
    """Create or update the term versions of one batch's feed; return how many changed.

    Where two versions of a term would overlap, the earlier ends when the later starts. Running it again
    changes nothing.
    """
    by.require(Permission.LOAD_DATA)
    batch = sensing.get_batch(batch_id, by=by)
    zone = ZoneInfo(sensing.get_feed(batch.feed, by=by).time_zone)
    with transaction.atomic():
        wanted = _leave_to_contracts(_clip([*_stated(batch, by), *_recorded(batch, zone, by)]))
        contracts = _contracts(wanted)
        rows = TermRow.objects.select_for_update().filter(source_feed=batch.feed).select_related("contract")
        present = {(row.term_number, row.starts_on): row for row in rows}
        new = [version for version in wanted if (version.term_number, version.starts_on) not in present]
        changed = [v for v in wanted if (row := present.get((v.term_number, v.starts_on))) and _differs(row, v)]
        _write(new, changed, present, contracts)
        if new or changed:
            _record(batch, thread_id, new, changed, by)
    return len(new) + len(changed)


def _stated(batch: BatchCard, by: Actor) -> list[_Version]:
    facts = sensing.list_facts(FactKind.TERM, feed=batch.feed, by=by)
    return [_from_fact(fact) for fact in facts]


def _from_fact(fact: FactCard) -> _Version:
    body = fact.body
    if fact.is_assumed:
        source = TermSource.ASSUMED
    else:
        source = TermSource.CONTRACT if body["account_number"] else TermSource.TIER_DEFAULT
    return _Version(
        contract_number=body["contract_number"] or f"{fact.feed}:standing",
        term_number=body["term_number"],
        account_number=body["account_number"],
        tier="" if body["account_number"] else body["tier"],
        operation=body["operation"],
        service=body["service"],
        work_class=body["work_class"],
        measure=Measure(body["measure"]).value,
        threshold_minutes=body["threshold_minutes"],
        clock=Clock(body.get("clock") or Clock.CALENDAR).value,
        target_share=body["target_share"],
        credit_per_miss=Decimal(body["credit_per_miss"] or 0),
        currency=body["currency"],
        starts_on=date.fromisoformat(body["starts_on"]),
        ends_on=date.fromisoformat(body["ends_on"]) if body["ends_on"] else None,
        source=source.value,
        source_feed=fact.feed,
    )


def _recorded(batch: BatchCard, zone: ZoneInfo, by: Actor) -> list[_Version]:
    """Return one term per service and class of work: the promise that most of its rows carry."""
    rule = sensing.get_promise_rule(batch.feed, by=by)
    if rule is None:
        return []
    found: dict[tuple[str, str, str], RecordedPromise] = {}
    for promise in sensing.recorded_promises(feed=batch.feed, by=by):
        if promise.promised_minutes > 0:
            found.setdefault((promise.operation, promise.service, promise.work_class), promise)
    versions = [_from_promise(promise, rule, batch.feed, zone) for promise in found.values()]
    starts = dict(
        TermRow.objects.filter(source_feed=batch.feed, source=TermSource.RECORDED.value).values_list(
            "term_number", "starts_on"
        )
    )
    return [replace(v, starts_on=starts.get(v.term_number, v.starts_on)) for v in versions]


def _from_promise(promise: RecordedPromise, rule: PromiseRule, feed: str, zone: ZoneInfo) -> _Version:
    name = "\x1f".join((feed, promise.operation, promise.service, promise.work_class))
    return _Version(
        contract_number=f"{feed}:recorded",
        term_number=f"{feed}:R{hashlib.sha256(name.encode()).hexdigest()[:10]}",
        account_number="",
        tier="",
        operation=promise.operation,
        service=promise.service,
        work_class=promise.work_class,
        measure=Measure(rule.measure).value,
        threshold_minutes=promise.promised_minutes,
        clock=Clock.CALENDAR.value,
        target_share=rule.target_share,
        credit_per_miss=Decimal(0),
        currency="",
        starts_on=promise.first_at.astimezone(zone).date(),
        ends_on=None,
        source=TermSource.RECORDED.value,
        source_feed=feed,
    )


def _clip(versions: Iterable[_Version]) -> list[_Version]:
    """End each version where the next of its term starts, if it does not end before."""
    ordered = sorted(versions, key=lambda v: (v.term_number, v.starts_on))
    clipped = []
    for version, following in zip_longest(ordered, ordered[1:]):
        if following and following.term_number == version.term_number:
            ends_on = min(version.ends_on or following.starts_on, following.starts_on)
            version = replace(version, ends_on=ends_on)
        clipped.append(version)
    return clipped


def _leave_to_contracts(versions: Iterable[_Version]) -> list[_Version]:
    """End each version where a contract that was signed here begins to state its term, and leave out what is later."""
    signed: dict[tuple[str, str], date] = {}
    rows = TermRow.objects.filter(source_feed=SIGNED_HERE).order_by("-starts_on")
    for term, contract, starts_on in rows.values_list("term_number", "contract__contract_number", "starts_on"):
        signed["term", term] = signed["contract", contract] = starts_on
    left = []
    for version in versions:
        found = [signed.get(("term", version.term_number)), signed.get(("contract", version.contract_number))]
        ends_on = min((day for day in (*found, version.ends_on) if day is not None), default=None)
        if ends_on is None or version.starts_on < ends_on:
            left.append(replace(version, ends_on=ends_on))
    return left


def _contracts(wanted: Iterable[_Version]) -> dict[str, Contract]:
    holders = {v.contract_number: v.account_number for v in wanted}
    Contract.objects.bulk_create(
        [Contract(contract_number=number, account_number=holder) for number, holder in holders.items()],
        ignore_conflicts=True,
    )
    return {c.contract_number: c for c in Contract.objects.filter(contract_number__in=holders)}


def _differs(row: TermRow, version: _Version) -> bool:
    return row.contract.contract_number != version.contract_number or any(
        getattr(row, name) != getattr(version, name) for name in _FIELDS
    )


def _write(
    new: Iterable[_Version],
    changed: Iterable[_Version],
    present: dict[tuple[str, date], TermRow],
    contracts: dict[str, Contract],
) -> None:
    TermRow.objects.bulk_create(
        [TermRow(contract=contracts[v.contract_number], **{name: getattr(v, name) for name in _FIELDS}) for v in new]
    )
    rows = []
    for version in changed:
        row = present[version.term_number, version.starts_on]
        row.contract = contracts[version.contract_number]
        for name in _FIELDS:
            setattr(row, name, getattr(version, name))
        rows.append(row)
    TermRow.objects.bulk_update(rows, ["contract", *_FIELDS], batch_size=1000)


def _record(batch: BatchCard, thread_id: UUID, new: list[_Version], changed: list[_Version], by: Actor) -> None:
    sources = {source.value: sum(v.source == source for v in new) for source in TermSource}
    parts = ", ".join(f"{count} {source}" for source, count in sources.items() if count)
    added = f"{len(new):,} new versions of terms ({parts})" if new else "no new versions of terms"
    record_entry(
        Entry(
            thread_id=thread_id,
            kind="terms.adopted",
            subject=f"batch:{batch.batch_id}",
            sentence=f"Took over {added} from {batch.feed}; {len(changed):,} changed.",
            evidence={
                "batch_id": batch.batch_id,
                "feed": batch.feed,
                "new": sources,
                "changed": [f"{v.term_number} from {v.starts_on}" for v in changed],
            },
        ),
        by=by,
    )
