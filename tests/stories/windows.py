"""Browser windows of the stories: opened in one place, with one patience, and closed with the test."""

from typing import Any

# A limit is no test: it only ends what hangs, on the slowest machine too.
PATIENCE_MS, PATIENCE_OF_A_PAGE_MS = 60_000, 120_000
_open: list[Any] = []


def open_window(browser: Any, **options: Any) -> Any:
    """Open a page in a context of its own; `options` are those of the browser's `new_context`."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE_MS)
    context = browser.new_context(**options)
    _open.append(context)
    context.set_default_timeout(PATIENCE_MS)
    context.set_default_navigation_timeout(PATIENCE_OF_A_PAGE_MS)
    return context.new_page()


def close_all() -> None:
    """Close every window that is open."""
    while _open:
        _open.pop().close()
