"""Pages of who an account is: which word counts, which records are one, what was merged, what is said to be wrong."""

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import yaml
from django.contrib import messages
from django.forms import Form
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.answer_dispute import answer_dispute, may_answer
from closeknit.rooms.customers.actions.link_record import judge_match, link_record
from closeknit.rooms.customers.actions.merge_accounts import merge_accounts
from closeknit.rooms.customers.actions.report_wrong_fact import report_wrong_fact
from closeknit.rooms.customers.actions.set_survivorship import set_survivorship
from closeknit.rooms.customers.actions.split_accounts import split_accounts
from closeknit.rooms.customers.contracts import STANDING_FACTS, DisputeState, MatchState, groups_of_plain, plain_groups
from closeknit.rooms.customers.forms import (
    DisputeAnswer,
    MatchVerdict,
    MergeWanted,
    ProfileDay,
    Reason,
    RecordOwner,
    RulesText,
    WrongFact,
)
from closeknit.rooms.org.contracts import Permission

MOST_ROWS = 200


@require_GET
def show_profile(request: Request, account_number: str) -> HttpResponseBase:
    """Who is this account, and who says so?"""
    by: Actor = request.actor
    by.require(Permission.READ_RECORDS)
    account = reads.get_account(account_number, by=by)
    if account.account_number != account_number:
        return redirect("account-profile", account_number=account.account_number)
    form, now = ProfileDay(request.GET), clock.now()
    day = form.cleaned_data.get("on") if form.is_valid() else None
    # A day means its end: what was known when it was over.
    at = min(now, clock.check(datetime.combine(day, time.max, UTC), where="on")) if day else now
    profile = reads.get_profile(account_number, by=by, at=at)
    open_ones = reads.list_disputes(by=by, at=now, account_number=account_number, state=DisputeState.OPEN)
    disputed = {card.field: card for card in open_ones}
    return render(
        request,
        "customers/profile.html",
        {
            "account": account,
            "profile": profile,
            "facts": [(fact, disputed.get(fact.field)) for fact in profile.fields],
            "on": day,
            "merges": reads.list_merges(account_number, by=by),
            "matches": reads.list_matches(by=by, account_number=account_number),
            "may_merge": by.may(Permission.LOAD_DATA),
        },
    )


@require_POST
def propose_merge(request: Request, account_number: str) -> HttpResponseBase:
    """Propose that another account is this one."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    said = _read(MergeWanted(request.POST))
    proposal_id = merge_accounts(account_number, said["absorbed_number"], reason=said["reason"], by=by, at=clock.now())
    if proposal_id is None:
        messages.info(request, "The two are one account already.")
        return redirect("account-profile", account_number=account_number)
    messages.success(request, "The merge was proposed. Policy settles it below the top tiers.")
    return redirect("proposal-detail", proposal_id=proposal_id)


@require_POST
def split(request: Request, merge_id: UUID) -> HttpResponseBase:
    """Undo a merge."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    said = _read(Reason(request.POST))
    merge = reads.get_merge(merge_id, by=by)
    split_accounts(merge_id, reason=said["reason"], by=by, at=clock.now())
    messages.success(request, f"{merge.absorbed_number} stands for itself again.")
    return redirect("account-profile", account_number=merge.absorbed_number)


@require_GET
def list_matches(request: Request) -> HttpResponseBase:
    """Which records may be one account, and wait for a person to say so?"""
    by: Actor = request.actor
    by.require(Permission.READ_RECORDS)
    return render(
        request,
        "customers/matches.html",
        {
            "matches": reads.list_matches(by=by, limit=MOST_ROWS),
            "waiting": reads.count_matches(by=by),
            "joined": reads.count_matches(by=by, state=MatchState.JOINED),
            "different": reads.count_matches(by=by, state=MatchState.DIFFERENT),
            "unlinked": reads.list_unlinked_records(by=by, limit=MOST_ROWS),
            "unlinked_count": reads.count_unlinked_records(by=by),
            "may_link": by.may(Permission.LOAD_DATA),
        },
    )


@require_GET
def show_match(request: Request, match_id: UUID) -> HttpResponseBase:
    """Are these two one account, and what speaks for it?"""
    by: Actor = request.actor
    by.require(Permission.READ_RECORDS)
    card = reads.get_match(match_id, by=by)
    return render(
        request,
        "customers/match.html",
        {"card": card, "sides": (card.first, card.second), "may_judge": by.may(Permission.LOAD_DATA)},
    )


@require_POST
def judge(request: Request, match_id: UUID) -> HttpResponseBase:
    """Say whether two records are one account."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    said = _read(MatchVerdict(request.POST))
    proposal_id = judge_match(match_id, are_one=said["verdict"] == "one", reason=said["reason"], by=by, at=clock.now())
    if proposal_id is not None:
        messages.success(request, "The merge of the two accounts was proposed.")
        return redirect("proposal-detail", proposal_id=proposal_id)
    messages.success(request, "Your word is kept.")
    return redirect("match-detail", match_id=match_id)


@require_POST
def give_record(request: Request, record_id: int) -> HttpResponseBase:
    """Say which of our accounts a record is of."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    said = _read(RecordOwner(request.POST))
    link_record(record_id, said["account_number"], reason=said["reason"], by=by, at=clock.now())
    messages.success(request, "The record is this account's now; its page shows which word counts.")
    return redirect("account-profile", account_number=said["account_number"])


@require_GET
def show_survivorship(request: Request) -> HttpResponseBase:
    """Which source's word counts, where they disagree?"""
    by: Actor = request.actor
    rules = reads.get_survivorship(by=by, at=clock.now())
    return _show_rules(request, RulesText(initial={"text": _yaml(plain_groups(rules.groups))}))


@require_POST
def set_rules(request: Request) -> HttpResponseBase:
    """Set which source's word counts."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    form = RulesText(request.POST)
    if not form.is_valid():
        return _show_rules(request, form, status=422)
    try:
        groups = groups_of_plain(_parsed(form.cleaned_data["text"]))
        version = set_survivorship(groups, reason=form.cleaned_data["reason"], by=by, at=clock.now())
    except (Invalid, Conflict) as refusal:
        form.add_error("text", f"{refusal.what} {refusal.todo}")
        return _show_rules(request, form, status=refusal.status)
    messages.success(request, f"Version {version} counts from now on.")
    return redirect("survivorship")


@require_GET
def list_disputes(request: Request) -> HttpResponseBase:
    """What is said to be wrong, and who answers until when?"""
    by: Actor = request.actor
    by.require(Permission.READ_RECORDS)
    return render(
        request, "customers/disputes.html", {"disputes": reads.list_disputes(by=by, at=clock.now(), limit=MOST_ROWS)}
    )


@require_GET
def show_dispute(request: Request, dispute_id: UUID) -> HttpResponseBase:
    """What is said to be wrong here, what does the steward say, and what stood on it?"""
    by: Actor = request.actor
    by.require(Permission.READ_RECORDS)
    return _show_dispute(request, dispute_id, DisputeAnswer())


@require_GET
def show_wrong_form(request: Request, account_number: str) -> HttpResponseBase:
    """What is wrong here?"""
    by: Actor = request.actor
    by.require(Permission.READ_ACCOUNTS)
    return _show_wrong(request, account_number, WrongFact(initial={"field": request.GET.get("field", "name")}), by)


@require_POST
def report_wrong(request: Request, account_number: str) -> HttpResponseBase:
    """Say that a fact of an account is wrong."""
    by: Actor = request.actor
    form = WrongFact(request.POST)
    if not form.is_valid():
        return _show_wrong(request, account_number, form, by, status=422)
    try:
        dispute_id = report_wrong_fact(account_number, **form.cleaned_data, by=by, at=clock.now())
    except (Invalid, Conflict) as refusal:
        refuse_form(form, refusal)
        return _show_wrong(request, account_number, form, by, status=refusal.status)
    messages.success(request, "Its steward hears of it and answers.")
    if not by.may(Permission.READ_RECORDS):
        return redirect("account-detail", account_number=account_number)
    return redirect("dispute-detail", dispute_id=dispute_id)


@require_POST
def answer(request: Request, dispute_id: UUID) -> HttpResponseBase:
    """Correct what is wrong, or say that it stands."""
    by: Actor = request.actor
    form = DisputeAnswer(request.POST)
    if not form.is_valid():
        return _show_dispute(request, dispute_id, form, status=422)
    said = form.cleaned_data
    corrected = said["corrected"] if said["verdict"] == "corrected" else None
    try:
        answer_dispute(dispute_id, corrected=corrected, answer=said["answer"], by=by, at=clock.now())
    except Invalid as refusal:
        refuse_form(form, refusal)
        return _show_dispute(request, dispute_id, form, status=refusal.status)
    messages.success(request, "Your answer is kept, and reaches what stands on it.")
    return redirect("dispute-detail", dispute_id=dispute_id)


def _read(form: Form) -> dict[str, Any]:
    if not form.is_valid():
        name, reasons = next(iter(form.errors.items()))
        raise Invalid(f"{name}: {reasons[0]}", where=name, todo="Go back and fill it in.")
    return dict(form.cleaned_data)


def _show_wrong(request: Request, account_number: str, form: Form, by: Actor, status: int = 200) -> HttpResponseBase:
    account = reads.get_account(account_number, by=by)
    said = {"account": account, "form": form}
    return render(request, "customers/wrong.html", said, status=status)


def _show_dispute(request: Request, dispute_id: UUID, form: Form, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    card = reads.get_dispute(dispute_id, by=by, at=clock.now())
    is_mine = may_answer(reads.find_steward_key(dispute_id, by=by), by=by)
    return render(
        request,
        "customers/dispute.html",
        {
            "card": card,
            "form": form,
            "touched": reads.list_touched_decisions(dispute_id, by=by),
            "put_right": STANDING_FACTS.get(card.field, ""),
            "may_answer": card.state is DisputeState.OPEN and is_mine,
        },
        status=status,
    )


def _show_rules(request: Request, form: Form, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    return render(
        request,
        "customers/survivorship.html",
        {
            "form": form,
            "rules": reads.get_survivorship(by=by, at=clock.now()),
            "versions": reads.list_survivorship(by=by),
            "may_set": by.may(Permission.LOAD_DATA),
        },
        status=status,
    )


def _yaml(groups: list[dict[str, Any]]) -> str:
    return yaml.safe_dump(groups, sort_keys=False, default_flow_style=None, width=110)


def _parsed(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as failure:
        raise Invalid("This is no YAML.", where="text", todo=" ".join(str(failure).split())[:300]) from failure
