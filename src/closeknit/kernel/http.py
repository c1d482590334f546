"""What an entrance may count on: every request carries its actor (set by the lobby's middleware)."""

from collections.abc import Mapping

from django.forms import Form
from django.http import HttpRequest

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError


class Request(HttpRequest):
    """A request with the actor it acts for. Only a type: the objects are Django's own."""

    actor: Actor


def refuse_form(form: Form, refusal: CloseknitError, called: Mapping[str, str] | None = None) -> None:
    """Put a refusal at the field that it names (or as the form calls that field), else at the form as a whole."""
    where = (called or {}).get(refusal.where, refusal.where)
    form.add_error(where if where in form.fields else None, f"{refusal.what} {refusal.todo}")
