"""Onboard an account by a template: a contract is drafted from it and proposed; signed, capacity is planned for it."""

import math
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.agreements.actions.draft_contract import draft_contract
from closeknit.rooms.agreements.actions.propose_contract import propose_contract
from closeknit.rooms.agreements.actions.save_setup import record_setup_step, setup_to_change
from closeknit.rooms.agreements.compute import rests_on, threshold_minutes
from closeknit.rooms.agreements.contracts.deals import GuaranteeKind, WantedContract
from closeknit.rooms.agreements.contracts.needs import LONGEST_AHEAD, said
from closeknit.rooms.agreements.contracts.setups import SetupCard, WantedOnboarding
from closeknit.rooms.agreements.reads.calendars import open_minutes_per_day
from closeknit.rooms.agreements.reads.chains import list_stated_chains
from closeknit.rooms.agreements.reads.setups import setup_of
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.org.contracts import Permission

MOST_FACTOR = 100.0


def apply_setup(template_id: UUID, wanted: WantedOnboarding, *, by: Actor, at: datetime) -> UUID:
    """Draft and propose a contract for an account from a template; return the version's id. Credits are agreed apart.

    Raises:
        NotFound: for a template that there is not, or an account out of sight.
        Invalid: for a factor or a day out of bounds, without a reason, or where departments need longer than a clause
            would allow.
        Conflict: for a retired template, a number that is taken, or while another version of the contract waits.
    """
    by.require(Permission.PROPOSE)
    account = customers.get_account(wanted.account_number, by=by, permission=Permission.PROPOSE).account_number
    reason = said(wanted.reason, "reason", 2000, "Say why this account gets it.")
    for where in ("time_factor", "hours_factor"):
        factor = getattr(wanted, where)
        if not (math.isfinite(factor) and 1 / MOST_FACTOR <= factor <= MOST_FACTOR):
            raise Invalid("A factor lies between 0.01 and 100.", where=where, todo="1 leaves the template as it is.")
    if not at.date() <= wanted.starts_on <= (at + LONGEST_AHEAD).date():
        raise Invalid("It begins today or later, within three years.", where="starts_on")
    with transaction.atomic():
        row = setup_to_change(template_id, by=by)
        contract = _contract(setup_of(row, at), wanted, account)
        slack = _slack_of_chains(contract, wanted.time_factor, by)
        version_id = draft_contract(contract, by=by, at=at)
        proposal_id = propose_contract(version_id, reason=reason, by=by, at=at)
        row.uses = [*row.uses, str(version_id)]
        row.save(update_fields=["uses"])
        sentence = f"{{actor}} drafted contract {wanted.contract_number} with {account} from template {row.name}."
        evidence = {
            "version_id": version_id,
            "proposal_id": proposal_id,
            "time_factor": wanted.time_factor,
            "hours_factor": wanted.hours_factor,
            "chain_slack_minutes": slack,
        }
        record_setup_step(row, "setup.applied", sentence, evidence, account, by=by)
    return version_id


def _slack_of_chains(contract: WantedContract, factor: float, by: Actor) -> dict[str, float]:
    """Return what each internal agreement leaves of the tightest clause that rests on it, in minutes.

    Departments work for all accounts, so a template takes no chain along: those in force carry its promises too.
    """
    day_minutes = open_minutes_per_day(contract.calendar, contract.starts_on, by=by)
    found: dict[str, float] = {}
    for chain in list_stated_chains(by=by):
        allowed = [threshold_minutes(clause, day_minutes) for clause in contract.clauses if rests_on(clause, chain)]
        if not allowed:
            continue
        total = sum(step.within_minutes for step in chain.steps)
        found[chain.name] = round(min(allowed) - total, 6)
        if found[chain.name] < 0:
            least = math.ceil(1e4 * factor * total / min(allowed)) / 1e4
            raise Invalid(
                f"The steps of {chain.name} take {total:g} minutes, and the template would promise {min(allowed):g}.",
                where="time_factor",
                todo=f"Take a factor of at least {least:g}, or {-found[chain.name]:g} minutes off the steps first.",
            )
    return found


def _contract(card: SetupCard, wanted: WantedOnboarding, account: str) -> WantedContract:
    number = wanted.contract_number
    hours = GuaranteeKind.HOURS_PER_WEEK
    return WantedContract(
        contract_number=number,
        title=f"{card.name} for {account}"[:160],
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        account_number=account,
        calendar=card.calendar,
        pause_reasons=card.pause_reasons,
        clauses=tuple(
            replace(
                clause,
                term_number=f"{number[:76]}-{place}",
                within_minutes=round(clause.within_minutes * wanted.time_factor, 6),
            )
            for place, clause in enumerate(card.clauses, 1)
        ),
        guarantees=tuple(
            replace(each, amount=each.amount * wanted.hours_factor) if each.kind is hours else each
            for each in card.guarantees
        ),
    )
