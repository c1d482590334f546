"""The page of the decision table."""

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.adopt_policy import adopt_policy
from closeknit.rooms.decisions.forms import AdoptedTable
from closeknit.rooms.org.contracts import Permission


@require_GET
def show_policy(request: Request) -> HttpResponseBase:
    """Who decides what?"""
    by: Actor = request.actor
    version = request.GET.get("version", "")
    return render(
        request,
        "decisions/policy.html",
        {
            "policy": reads.get_policy(version, by=by),
            "versions": reads.list_policy_versions(by=by),
            "may_adopt": by.may(Permission.MANAGE_SETTINGS),
        },
    )


@require_POST
def adopt(request: Request) -> HttpResponseBase:
    """Put a changed decision table in force."""
    form = AdoptedTable(request.POST)
    if not form.is_valid():
        raise Invalid("There is no table to adopt.", where="text", todo="Give the whole table as YAML.")
    adopt_policy(form.cleaned_data["text"], reason=form.cleaned_data["reason"], by=request.actor, at=clock.now())
    messages.success(request, f"The table {reads.get_policy(by=request.actor).version} is in force.")
    return redirect("policy")
