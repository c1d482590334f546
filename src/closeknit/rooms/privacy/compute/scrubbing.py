"""Taking the words out of structured data: codes, numbers and days stay, so that what reads them goes on working."""

import re
from collections.abc import Collection
from typing import Any

ERASED = "[erased]"
CODE = re.compile(r"[a-z0-9][a-z0-9_.:+-]{0,39}|\d{4}-\d\d-\d\d(T[0-9:.+Z-]{5,21})?|[A-Z]{2,3}")


def scrub(value: Any, *, known: Collection[str], reference: str, whole: bool) -> Any:
    """Return JSON without the subject's words.

    `whole`: all of it is about the subject, so every word goes; else only objects of its account number, and words that
    name it. `known`: what names it. The account number itself stays: it is our own key.
    """
    if isinstance(value, dict):
        inside = whole or value.get("account_number") == reference
        return {key: scrub(item, known=known, reference=reference, whole=inside) for key, item in value.items()}
    if isinstance(value, list):
        return [scrub(item, known=known, reference=reference, whole=whole) for item in value]
    if not isinstance(value, str) or value in ("", reference):
        return value
    if any(name in value for name in known):
        return ERASED
    return value if not whole or CODE.fullmatch(value) else ERASED
