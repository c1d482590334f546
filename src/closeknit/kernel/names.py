"""Which numbers are one account, for rooms below the one that knows it: handed over by the wiring table."""

from collections.abc import Mapping

from closeknit.kernel.declared import declared


def account_names(account_number: str) -> tuple[str, ...]:
    """Return every number that an account goes by now: the one it stands under first, then those merged into it.

    An account that was never merged goes by its own alone.
    """
    golden = golden_names() if account_number else {}
    kept = golden.get(account_number, account_number)
    return (kept, *sorted(alias for alias, number in golden.items() if number == kept))


def golden_names() -> Mapping[str, str]:
    """Return for every number that was merged away the number that it is another name of now."""
    tell = declared("accounts").get("golden")
    found: Mapping[str, str] = tell() if tell is not None else {}
    return found
