"""Take out what an agreement allows of the forecast in force, without any account; the log and the ledger keep it."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, NotFound
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import compute, reads
from closeknit.rooms.demand.contracts import ForecastCard
from closeknit.rooms.demand.contracts.sharing import SharedCell, SharedForecast, SharingCard
from closeknit.rooms.demand.models.sharing import SharingAccessRow
from closeknit.rooms.org.contracts import Permission


def export_shared_forecast(agreement_id: UUID, *, way: str, by: Actor, at: datetime) -> SharedForecast:
    """Return the numbers that may leave; those of few accounts, or of one above all, and those that would give them
    away, are withheld and say so. `way`: how they leave ("csv", "api", "command").

    Raises:
        NotFound: for no such agreement, or no forecast of its operation.
        Conflict: for one that does not stand now.
    """
    by.require(Permission.SHARE_FORECAST)
    card = reads.get_sharing(agreement_id, by=by)
    if not card.stands(at.date()):
        raise Conflict("This agreement does not stand now.", where=str(agreement_id), todo="Agree anew.")
    run = reads.find_current_run(card.operation, by=by)
    if run is None:
        raise NotFound("There is no forecast of this operation.", where=card.operation, todo="Run: closeknit plan.")
    cells = _cells(card, run, by, at)
    plain = [{**asdict(cell), "starts_on": cell.starts_on.isoformat()} for cell in cells]
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
    found = SharedForecast(
        card.agreement_id, card.partner, card.operation, card.period, card.fields, run.first_on, digest, tuple(cells)
    )
    with transaction.atomic():
        SharingAccessRow.objects.create(
            agreement_id=card.agreement_id,
            run_id=run.run_id,
            at=at,
            by_key=by.key,
            by_name=by.name_for(Permission.SHARE_FORECAST),
            way=way,
            cells=len(cells),
            withheld=found.withheld,
            digest=digest,
        )
        record_entry(_entry(card, run, found, way, by), by=by)
    return found


def _cells(card: SharingCard, run: ForecastCard, by: Actor, at: datetime) -> list[SharedCell]:
    numbers = reads.get_numbers(run.run_id, by=by)
    accounts = reads.account_weekly_units(card.operation, run.run_id, by=by)
    # Two agreements of one operation hide by one rule, or one would show what the other hides.
    standing = reads.list_sharing(operation=card.operation, standing_at=at, by=by)
    least = max(other.least_accounts for other in standing)
    withheld = compute.withheld_places(compute.shared_units(accounts, numbers.panels), least)
    levels = numbers.quantile_levels.tolist()
    return compute.shared_cells(numbers.panels, levels, withheld, card.detail, card.period, card.fields)


def _entry(card: SharingCard, run: ForecastCard, found: SharedForecast, way: str, by: Actor) -> Entry:
    return Entry(
        thread_id=card.thread_id,
        kind="sharing.exported",
        subject=f"sharing:{card.agreement_id}",
        sentence=(
            f"{{actor}}{by.behalf(Permission.SHARE_FORECAST)} took out {len(found.cells)} numbers of the forecast of "
            f"{card.operation} for {card.partner}, {found.withheld} of them withheld."
        ),
        evidence={
            "agreement_id": card.agreement_id,
            "run_id": run.run_id,
            "way": way,
            "cells": len(found.cells),
            "withheld": found.withheld,
            "digest": found.digest,
        },
    )
