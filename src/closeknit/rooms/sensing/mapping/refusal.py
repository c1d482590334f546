"""A row that cannot be taken."""


class Refused(Exception):
    """Why a row goes to quarantine: a stable code and a sentence that a person can act on."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def shown(value: object) -> str:
    """Return a value as it appears in a reason: short, quoted, without control characters."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
