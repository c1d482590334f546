"""What axe-core finds against WCAG 2.1 AA on a page that stands in a browser."""

from functools import lru_cache
from importlib.resources import files
from typing import Any

# The script comes with a locked package; Playwright hands it over past the page's own security policy.
CARRIER = "axe_playwright_python"
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
# A theme changes colours alone: what else there is to find was found in the other one.
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
RUN = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false})"


@lru_cache(maxsize=1)
def _script() -> str:
    return files(CARRIER).joinpath("axe.min.js").read_text(encoding="utf-8")


def faults(page: Any, *, colours_only: bool = False) -> list[str]:
    """Return one line for each element that breaks a rule: the rule, the element, and what is wrong."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(_script())
    found = page.evaluate(RUN, COLOURS if colours_only else RULES)["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} — {' '.join(node['failureSummary'].split())[:240]}"
        for rule in found
        for node in rule["nodes"]
    ]
