"""The page of anonymised copies."""

import io
import zipfile

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, NotFound
from closeknit.kernel.http import Request
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.actions.make_copy import draw_copy
from closeknit.rooms.privacy.forms import CopyForm


@require_GET
def show_copies(request: Request) -> HttpResponseBase:
    """What do we give to those who test?"""
    request.actor.require(Permission.READ_PERSONAL)
    return _show(request, CopyForm())


@require_POST
def draw(request: Request) -> HttpResponseBase:
    """Draw a copy and hand it out as one packed file."""
    by: Actor = request.actor
    by.require(Permission.MANAGE_PRIVACY)
    form = CopyForm(request.POST)
    if form.is_valid():
        try:
            copy = draw_copy(form.cleaned_data["operation"], by=by, at=clock.now())
            response = HttpResponse(_packed(dict(copy.files)), content_type="application/zip")
            response.headers["Content-Disposition"] = f'attachment; filename="copy-{copy.report.copy_id}.zip"'
            return response
        except (Conflict, NotFound) as refusal:
            form.add_error("operation", f"{refusal.what} {refusal.todo}")
    return _show(request, form, status=422)


def _packed(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return packed.getvalue()


def _show(request: Request, form: CopyForm, status: int = 200) -> HttpResponseBase:
    context = {"form": form, "may_manage": request.actor.may(Permission.MANAGE_PRIVACY)}
    return render(request, "privacy/copies.html", context, status=status)
