"""Reading forms that people send: what cannot be read is refused with its field and what to do."""

from typing import Any

from django import forms

from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.org.forms import first_refusal


def sent(form_type: type[forms.Form], request: Request) -> dict[str, Any]:
    """Return what a POST sent, or refuse it."""
    form = form_type(request.POST)
    if not form.is_valid():
        field, why = first_refusal(form)
        raise Invalid(why, where=field, todo="Go back, correct it and send it again.")
    return dict(form.cleaned_data)


def asked(form_type: type[forms.Form], request: Request) -> tuple[forms.Form, dict[str, Any]]:
    """Return a filter form and what it asks for; nothing where it cannot be read."""
    form = form_type(request.GET)
    return form, dict(form.cleaned_data) if form.is_valid() else {}
