"""The page of the decision table."""

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel.actor import Actor
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads


@require_GET
def show_policy(request: Request) -> HttpResponseBase:
    """Who decides what?"""
    by: Actor = request.actor
    version = request.GET.get("version", "")
    return render(
        request,
        "decisions/policy.html",
        {"policy": reads.get_policy(version, by=by), "versions": reads.list_policy_versions(by=by)},
    )
