"""How people stand on a board."""

import re


def natural(number: str) -> tuple[tuple[int, str], ...]:
    """Return a key by which people stand as they count, P2 before P10."""
    parts = re.split(r"(\d+)", number, flags=re.ASCII)
    return tuple((int(part), "") if index % 2 else (0, part.casefold()) for index, part in enumerate(parts))
