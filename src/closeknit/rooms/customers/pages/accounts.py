"""Pages of customers: the list of accounts, and one account."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.kernel.listing import Column, Listing, read_listing
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.propose_tier_change import propose_tier_change
from closeknit.rooms.customers.contracts import TIER_ORDER, AccountCard, Tier
from closeknit.rooms.customers.forms import AccountFilter, TierChange
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

COLUMNS = (
    Column("name", "Account", is_fixed=True, fields=("account_number", "name")),
    Column("number", "Number", fields=("account_number",)),
    Column("tier", "Tier", fields=("tier",)),
    Column("reason", "Why this tier", is_sortable=False, fields=("tier_reason",)),
    Column("team", "Team", is_sortable=False, fields=("team",)),
    Column("region", "Region", fields=("region",)),
    Column("since", "Since", fields=("since_at",)),
    Column("zone", "Time zone", is_sortable=False, is_shown=False, fields=("time_zone",)),
    Column("law", "Jurisdiction", is_sortable=False, is_shown=False, fields=("jurisdiction",)),
    Column("feed", "From feed", is_sortable=False, is_shown=False, fields=("source_feed",)),
)
EXPORTED = (
    "account_number",
    "name",
    "tier",
    "tier_reason",
    "team",
    "region",
    "time_zone",
    "jurisdiction",
    "source_feed",
    "since_at",
)
PAGE_ROWS = 100
EXPORT_ROWS = 1000


@require_GET
def list_accounts(request: Request) -> HttpResponseBase:
    """Who are our accounts, and how close are we?"""
    by: Actor = request.actor
    form = AccountFilter(request.GET)
    chosen: dict[str, Any] = dict(form.cleaned_data) if form.is_valid() else {}
    after = chosen.pop("after", "")
    listing = read_listing(request.GET, COLUMNS, sort="number")
    if request.GET.get("format") == "csv":
        return _export(by, listing, chosen)
    accounts = reads.list_accounts(by=by, sort=listing.sort, after=after, limit=PAGE_ROWS + 1, **chosen)
    if len(accounts) == 1 and chosen.get("search") == accounts[0].account_number:
        return redirect("account-detail", account_number=accounts[0].account_number)
    return render(
        request,
        "customers/accounts.html",
        {
            "form": form,
            "listing": listing,
            "accounts": accounts[:PAGE_ROWS],
            "more": accounts[PAGE_ROWS - 1].account_number if len(accounts) > PAGE_ROWS else None,
            "matching": reads.count_accounts(by=by, **chosen),
            "filtered": any(chosen.values()),
            "teams": org.list_teams(by=by),
        },
    )


@require_GET
def show_account(request: Request, account_number: str) -> HttpResponseBase:
    """Who is this account, what did we promise it, and does it get it?"""
    by: Actor = request.actor
    account = reads.get_account(account_number, by=by)
    if account.account_number != account_number:
        # The number was merged away: the account that it is another name of answers.
        return redirect("account-detail", account_number=account.account_number)
    return render(request, "customers/account.html", {"account": account})


@require_GET
def show_tier_form(request: Request, account_number: str) -> HttpResponseBase:
    """Which tier should this account have, and why?"""
    by: Actor = request.actor
    by.require(Permission.PROPOSE)
    account = reads.get_account(account_number, by=by)
    others = [tier for tier in TIER_ORDER if tier is not account.tier]
    return render(request, "customers/tier.html", {"account": account, "tiers": others})


@require_POST
def propose_tier(request: Request, account_number: str) -> HttpResponseBase:
    """Propose another tier for an account."""
    by: Actor = request.actor
    by.require(Permission.PROPOSE)
    form = TierChange(request.POST)
    if not form.is_valid():
        raise Invalid("A change needs a tier and a reason.", where="reason", todo="Go back and fill in both.")
    tier = Tier(form.cleaned_data["tier"])
    proposal_id = propose_tier_change(account_number, tier, reason=form.cleaned_data["reason"], by=by, at=clock.now())
    messages.success(request, "The change was proposed.")
    return redirect("proposal-detail", proposal_id=proposal_id)


def _export(by: Actor, listing: Listing, chosen: dict[str, Any]) -> HttpResponseBase:
    header = listing.fields_of(EXPORTED)
    found = _every(by, chosen | {"sort": listing.sort})
    return csv_response("accounts", header, (tuple(getattr(account, name) for name in header) for account in found))


def _every(by: Actor, chosen: dict[str, Any]) -> Iterator[AccountCard]:
    after = ""
    while accounts := reads.list_accounts(by=by, after=after, limit=EXPORT_ROWS, **chosen):
        yield from accounts
        after = accounts[-1].account_number
