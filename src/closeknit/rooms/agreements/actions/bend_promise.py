"""Ask that a promise may bend for a high-value request: within what the place allows, and decided as an exception."""

import math
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.kernel.output import plain, share_text
from closeknit.rooms.agreements.contracts.terms import Term
from closeknit.rooms.agreements.contracts.tolerances import WHO_DECIDES, BendPolicy, WantedBend
from closeknit.rooms.agreements.models import BendRow
from closeknit.rooms.agreements.reads.terms import list_terms
from closeknit.rooms.agreements.reads.tolerances import get_bend_policy
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.actions.request_exception import WantedException, request_exception
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

MOST_TERMS = 10_000


def bend_promise(wanted: WantedBend, *, by: Actor, at: datetime) -> UUID:
    """Enter a bend and ask for its exception; return the exception's id. It holds once that is granted.

    The promise to the customer stays: its clock runs on, and what it misses it misses. Within the tolerance the house
    accepts that.

    Raises:
        Denied: unless the actor may propose for the account and, where the policy says so, decide.
        NotFound: for an account out of sight, or a term that does not hold for it on the first day.
        Invalid: for what the account's policy does not allow: too far, too long, or for too little.
    """
    by.require(Permission.PROPOSE)
    account = customers.get_account(wanted.account_number, by=by, permission=Permission.PROPOSE)
    number = account.account_number
    policy = get_bend_policy(number, by=by, at=at)
    if policy.asked_by == WHO_DECIDES and not by.may_at(Permission.DECIDE, org.place_of(number)):
        raise Denied(
            f"{by.name} may not ask that promises to {number} bend.",
            where="setting agreements.bend_by",
            todo="Ask somebody who decides for this account.",
        )
    term = _term(wanted, number, by)
    _check(wanted, policy, term)
    with transaction.atomic():
        thread_id = ids.new_id()
        exception_id = request_exception(_exception(wanted, number, term), thread_id=thread_id, by=by, at=at)
        row = BendRow.objects.create(
            id=ids.new_id(),
            thread_id=thread_id,
            exception_id=exception_id,
            asked_at=at,
            asked_by_key=by.key,
            **{**asdict(wanted), "account_number": number, "request": wanted.request.strip()},
        )
        record_entry(_entry(row, wanted, term, policy), by=by)
    return exception_id


def _term(wanted: WantedBend, number: str, by: Actor) -> Term:
    terms = list_terms(by=by, account_number=number, on=wanted.starts_on, limit=MOST_TERMS)
    found = next((term for term in terms if term.term_number == wanted.term_number), None)
    if found is None:
        raise NotFound(
            "No such term holds for this account on the first day.",
            where="term_number",
            todo="Take one of its promises in force.",
        )
    return found


def _check(wanted: WantedBend, policy: BendPolicy, term: Term) -> None:
    todo = "Ask for less, or have the setting changed by who manages it."
    if not wanted.request.strip() or len(wanted.request) > 200 or not wanted.request.isprintable():
        raise Invalid("Say in at most 200 letters which request it is for.", where="request")
    if not wanted.reason.strip() or len(wanted.reason) > 2000:
        raise Invalid("A promise does not bend without a reason.", where="reason", todo="Say it in a sentence.")
    if not (math.isfinite(wanted.stretch_share) and wanted.stretch_share > 0):
        raise Invalid("It bends by more than nothing.", where="stretch_share", todo="Such as 0.1, a tenth more time.")
    if wanted.stretch_share > policy.most_share:
        most = share_text(policy.most_share)
        raise Invalid(
            f"Promises to this account bend by at most {most} of their time.", where="stretch_share", todo=todo
        )
    if wanted.until_on < wanted.starts_on:
        raise Invalid("It ends before it begins.", where="until_on", todo="Its last day counts as well.")
    if (wanted.until_on - wanted.starts_on).days + 1 > policy.most_days:
        raise Invalid(f"A promise bends for at most {policy.most_days} days.", where="until_on", todo=todo)
    if not (wanted.worth.is_finite() and 0 <= wanted.worth < 10**13):
        raise Invalid("What a request is worth is an amount of money.", where="worth")
    if float(wanted.worth) < policy.least_worth:
        raise Invalid(
            f"A promise bends for requests worth {policy.least_worth:,.0f} or more.", where="worth", todo=todo
        )
    if len(wanted.currency) != 3 or not wanted.currency.isupper() or not wanted.currency.isascii():
        raise Invalid("A currency has three capital letters.", where="currency", todo="Such as EUR.")
    if term.currency and wanted.currency != term.currency:
        raise Invalid(
            f"This term counts in {term.currency}.", where="currency", todo=f"Say the worth in {term.currency}."
        )


def _exception(wanted: WantedBend, number: str, term: Term) -> WantedException:
    return WantedException(
        deviates_from=f"term {term.term_number}"[:200],
        allowed=f"{share_text(wanted.stretch_share)} more time than promised ({term.sentence}).",
        reason=f"{wanted.reason.strip()} For: {wanted.request.strip()}",
        starts_on=wanted.starts_on,
        until_on=wanted.until_on,
        account_number=number,
        money_at_stake=wanted.worth,
        currency=wanted.currency,
    )


def _entry(row: BendRow, wanted: WantedBend, term: Term, policy: BendPolicy) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind="bend.asked",
        subject=f"exception:{row.exception_id}",
        sentence=(
            f"{{actor}} asked that {term.term_number} for {row.account_number} may take"
            f" {share_text(wanted.stretch_share)} longer from {wanted.starts_on} to {wanted.until_on}."
        ),
        account_number=row.account_number,
        evidence={
            **plain(asdict(wanted)),
            "bend_id": row.pk,
            "exception_id": row.exception_id,
            "promise": term.sentence,
            "policy": plain(asdict(policy)),
        },
    )
