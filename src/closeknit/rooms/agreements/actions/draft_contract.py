"""Draft a contract, or another version of one: nothing is promised before it is proposed and decided."""

import math
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.output import plain
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.agreements.contracts.deals import Clause, ContractState, Guarantee, GuaranteeKind, WantedContract
from closeknit.rooms.agreements.contracts.terms import Clock
from closeknit.rooms.agreements.models import CalendarRow, Contract, ContractVersion, TermRow
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

LONGEST_MINUTES = 366 * 24 * 60
MOST_CLAUSES = 200
MOST_HOURS_PER_WEEK = 1_000_000


def draft_contract(wanted: WantedContract, *, by: Actor, at: datetime) -> UUID:
    """Write the next version of a contract as a draft; return the version's id.

    Raises:
        Denied: unless the actor may propose for the account, or for every account where it is for more than one.
        NotFound: for an account, or a calendar, that is not there or out of sight.
        Invalid: for what could not be kept or measured: no clause, a share above the whole, an end before the start.
        Conflict: when the number belongs to another account's contract, or a term's number to another contract.
    """
    by.require(Permission.PROPOSE)
    zone = _check_whom(wanted, by)
    _check(wanted)
    _check_numbers(wanted)
    latest = ContractVersion.objects.filter(contract_number=wanted.contract_number).order_by("-version").first()
    try:
        with transaction.atomic():
            row = ContractVersion.objects.create(
                id=ids.new_id(),
                thread_id=ids.new_id(),
                contract_number=wanted.contract_number,
                version=latest.version + 1 if latest else 1,
                state=ContractState.DRAFT.value,
                title=wanted.title.strip(),
                account_number=wanted.account_number,
                tier=wanted.tier,
                starts_on=wanted.starts_on,
                ends_on=wanted.ends_on,
                calendar=wanted.calendar,
                time_zone=zone,
                currency=wanted.currency,
                pause_reasons=sorted({reason.strip() for reason in wanted.pause_reasons if reason.strip()}),
                clauses=[plain(asdict(clause)) for clause in wanted.clauses],
                guarantees=[plain(asdict(guarantee)) for guarantee in wanted.guarantees],
                drafted_at=at,
                drafted_by_key=by.key,
            )
            record_entry(_entry(row), by=by)
    except IntegrityError:
        raise Conflict("Somebody drafted this version at the same time.", where="contract_number") from None
    return row.pk


def _check_whom(wanted: WantedContract, by: Actor) -> str:
    """Return the time zone in which its days begin."""
    if wanted.account_number and wanted.tier:
        raise Invalid("A contract is for one account or for a tier.", where="tier", todo="Give one of them.")
    zone = wanted.time_zone
    if wanted.account_number:
        account = customers.get_account(wanted.account_number, by=by, permission=Permission.PROPOSE)
        if account.account_number != wanted.account_number:
            raise Invalid("This account was merged into another.", where="account_number", todo="Use the other number.")
        zone = zone or account.time_zone
    elif not by.scope_of(Permission.PROPOSE).every_account:
        raise Denied(
            "This concerns more than the accounts you look after.",
            where="account_number",
            todo="Name one account, or ask someone who answers for all of them.",
        )
    if wanted.tier and wanted.tier not in [tier.value for tier in Tier]:
        raise Invalid("There is no such tier.", where="tier", todo=f"One of {', '.join(t.value for t in Tier)}.")
    if zone and zone not in available_timezones():
        raise Invalid("There is no such time zone.", where="time_zone", todo="Such as Europe/Berlin.")
    return zone or "UTC"


def _check(wanted: WantedContract) -> None:
    number = wanted.contract_number
    if not number or len(number) > 100 or not number.isprintable() or number.strip() != number or ":" in number:
        raise Invalid(
            "A contract needs a number of at most 100 plain letters, without a colon.", where="contract_number"
        )
    if not wanted.title.strip() or len(wanted.title) > 160:
        raise Invalid("A contract needs a title of at most 160 letters.", where="title")
    if wanted.ends_on is not None and wanted.ends_on <= wanted.starts_on:
        raise Invalid("It ends before it begins.", where="ends_on", todo="Let it end later, or leave the end open.")
    if wanted.currency and (len(wanted.currency) != 3 or not wanted.currency.isupper()):
        raise Invalid("A currency has three capital letters.", where="currency", todo="Such as EUR.")
    if wanted.calendar and not CalendarRow.objects.filter(key=wanted.calendar, from_on__lte=wanted.starts_on).exists():
        raise NotFound(
            "No calendar of that name is in force on its first day.", where="calendar", todo="Set the calendar first."
        )
    if any(len(reason) > 120 or not reason.isprintable() for reason in wanted.pause_reasons):
        raise Invalid("A reason to pause has at most 120 plain letters.", where="pause_reasons")
    if not 1 <= len(wanted.clauses) <= MOST_CLAUSES:
        raise Invalid("A contract promises something.", where="clauses", todo=f"Give 1 to {MOST_CLAUSES} clauses.")
    for clause in wanted.clauses:
        _check_clause(clause, wanted)
    for guarantee in wanted.guarantees:
        _check_guarantee(guarantee)


def _check_clause(clause: Clause, wanted: WantedContract) -> None:
    for where in ("term_number", "operation", "service", "work_class"):
        text = getattr(clause, where)
        if len(text) > 80 or not text.isprintable() or (not text.strip() and where in ("term_number", "operation")):
            raise Invalid("A clause needs a number and an operation, of at most 80 plain letters each.", where=where)
    if not (math.isfinite(clause.within_minutes) and 0 < clause.within_minutes <= LONGEST_MINUTES):
        raise Invalid("A promise is kept within more than no time and at most a year.", where="within_minutes")
    if not (math.isfinite(clause.target_share) and 0 < clause.target_share <= 1):
        raise Invalid("A target is a share above 0 and at most the whole.", where="target_share", todo="Such as 0.95.")
    if clause.clock is Clock.BUSINESS and clause.within_minutes != round(clause.within_minutes, 6):
        raise Invalid("Minutes are given to a millionth at most.", where="within_minutes")
    for where in ("credit_per_miss", "penalty_per_point", "penalty_cap"):
        amount: Decimal | None = getattr(clause, where)
        if amount is None or not amount:
            continue
        if not amount.is_finite() or not 0 < amount < Decimal(10) ** 15 or amount != round(amount, 2):
            raise Invalid("An amount is above 0 and has at most two decimals.", where=where)
        if not wanted.currency:
            raise Invalid("Money needs a currency.", where="currency", todo="Such as EUR.")
    if clause.penalty_cap is not None and not clause.penalty_per_point:
        raise Invalid("A cap needs a penalty that it caps.", where="penalty_cap")


def _check_guarantee(guarantee: Guarantee) -> None:
    most = 1 if guarantee.kind is GuaranteeKind.AVAILABILITY else MOST_HOURS_PER_WEEK
    if not (math.isfinite(guarantee.amount) and 0 < guarantee.amount <= most):
        raise Invalid(f"A guarantee of {guarantee.kind} is above 0 and at most {most:,}.", where="amount")
    if not guarantee.operation.strip() or len(guarantee.operation) > 80 or len(guarantee.service) > 80:
        raise Invalid("A guarantee names an operation, of at most 80 letters.", where="operation")


def _check_numbers(wanted: WantedContract) -> None:
    numbers = [clause.term_number for clause in wanted.clauses]
    if len(set(numbers)) < len(numbers):
        raise Invalid("Two clauses have the same number.", where="term_number", todo="Number each by itself.")
    # Numbers are of the whole company: asked past the actor's sight, and nothing but "taken" is told.
    with seeing_everything():
        holders = {
            *Contract.objects.filter(contract_number=wanted.contract_number).values_list("account_number", flat=True),
            *ContractVersion.objects.filter(contract_number=wanted.contract_number).values_list(
                "account_number", flat=True
            ),
        }
        others = TermRow.objects.filter(term_number__in=numbers).exclude(
            contract__contract_number=wanted.contract_number
        )
        taken = others.values_list("term_number", flat=True).first()
    if holders - {wanted.account_number}:
        raise Conflict("This number is taken by another contract.", where="contract_number", todo="Choose another.")
    if taken is not None:
        raise Conflict(f"The number {taken} is taken by another contract's term.", where="term_number")


def _entry(row: ContractVersion) -> Entry:
    whom = row.account_number or (f"every {row.tier} account" if row.tier else "everyone")
    return Entry(
        thread_id=row.thread_id,
        kind="contract.drafted",
        subject=f"contract:{row.contract_number}"[:120],
        sentence=f"{{actor}} drafted version {row.version} of contract {row.contract_number} with {whom}.",
        account_number=row.account_number,
        evidence={
            "version_id": row.pk,
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "calendar": row.calendar,
            "time_zone": row.time_zone,
            "pause_reasons": row.pause_reasons,
            "clauses": row.clauses,
            "guarantees": row.guarantees,
        },
    )
