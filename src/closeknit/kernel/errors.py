"""Errors a person or a program can act on: what happened, where, what was kept, what to do.

Every entrance shows them the same way: a page with the sentences, problem+json with `code`, a CLI line
with a non-zero exit status. Codes are stable: programs depend on them.
"""


class CloseknitError(Exception):
    """A refusal or failure with a stable code.

    Args:
        what: one sentence, what happened.
        where: the place: a file and line, a field, an object's id.
        kept: what was kept or undone ("nothing was changed").
        todo: what the reader can do about it.
    """

    code = "error"
    status = 500
    title = "Something went wrong"

    def __init__(self, what: str, *, where: str = "", kept: str = "Nothing was changed.", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.kept = kept
        self.todo = todo

    def __str__(self) -> str:
        return " ".join(
            part for part in (self.what, f"({self.where})" if self.where else "", self.kept, self.todo) if part
        )

    def as_problem(self) -> dict[str, object]:
        """Return the RFC 9457 problem body."""
        return {
            "type": f"urn:closeknit:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.what,
            "where": self.where,
            "kept": self.kept,
            "todo": self.todo,
        }


class Invalid(CloseknitError):
    """The input cannot be taken as it is."""

    code, status, title = "invalid", 422, "The input was refused"


class NotFound(CloseknitError):
    """No such thing, or none that this actor may see: both look the same on purpose."""

    code, status, title = "not_found", 404, "Not found"


class Denied(CloseknitError):
    """The actor's roles do not allow this."""

    code, status, title = "denied", 403, "Not allowed"


class Conflict(CloseknitError):
    """The thing is no longer in the state that this action needs."""

    code, status, title = "conflict", 409, "Out of date"
