"""What an entrance may count on: every request carries its actor (set by the lobby's middleware)."""

from django.http import HttpRequest

from closeknit.kernel.actor import Actor


class Request(HttpRequest):
    """A request with the actor it acts for. Only a type: the objects are Django's own."""

    actor: Actor
