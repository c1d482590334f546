"""How a benchmark says what it measured."""

import statistics
import time
from collections.abc import Callable, Sequence


def seconds(call: Callable[[], object], *, times: int = 5) -> float:
    """Return the median wall seconds of some calls."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all does not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, -(-len(ranked) * int(share * 100) // 100) - 1))]


def show(title: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a titled table: the first column to the left, the others to the right."""
    cells = [[str(value) for value in row] for row in [headings, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    print(f"\n{title}")
    for row in cells:
        first, *others = (text.rjust(width) for text, width in zip(row, widths, strict=True))
        print("  " + "  ".join([first.strip().ljust(widths[0]), *others]))


def verdict(ratio: float, aim: float) -> tuple[str, str, str]:
    """Return a ratio, its aim (nothing where it is 0) and whether it is met, as a table says it."""
    said = f"{ratio:,.0f}" if ratio >= 10.0 else f"{ratio:.2f}"
    return said, f"{aim:,.0f}" if aim else "", ("yes" if ratio >= aim else "NO") if aim else ""
