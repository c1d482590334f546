"""A million customers fitted and valued, beside lifetimes on the same histories: answers compared before times.

Processor time of one thread on both sides; the wall time of ours on all cores stands beside it. The peer values without
intervals; ours are shown with and without them.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._engine_peers import ROOT, NoPeer, ask, prepare
from benchmarks._engine_row import Taken, take
from benchmarks._report import show

LOCK = ROOT / "requirements" / "peers-value.txt"
HOME = ROOT / ".closeknit" / "bench" / "peers-value"
CROWD, SPEND = (0.525, 6.183, 0.891, 1.614), (6.25, 3.74, 15.44)
PERIODS, SHOWN, WANTED_SECONDS = 52.0, 2000, 60.0
SAME = 0.005


def main(arguments: list[str] | None = None) -> int:
    """Measure; the status is 1 where an answer differs or a million customers take more than a minute."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the customers")
    parser.add_argument("--no-peer", action="store_true", help="ours alone")
    asked = parser.parse_args(arguments)
    customers = 100_000 if asked.quick else 1_000_000
    histories = make_histories(customers)
    ours = measure(histories)
    theirs = None if asked.no_peer else peer(histories)
    return report(customers, ours, theirs)


def make_histories(customers: int) -> dict[str, Any]:
    """Customers of a known crowd, observed in whole weeks for 10 to 104 of them."""
    import numpy as np

    from closeknit.engine import customers as engine

    rng = np.random.default_rng(2026)
    crowd = engine.purchase_model("mbg-nbd", CROWD)
    x, tx, age = engine.draw_histories(crowd, rng.integers(10, 105, customers).astype(float), rng=rng)
    rate = rng.gamma(SPEND[1], 1.0 / SPEND[2], customers)
    mean = np.where(x > 0, rng.gamma(np.maximum(SPEND[0] * x, 1e-9)) / np.maximum(x, 1.0) / rate, 0.0)
    return {"frequency": np.array(x), "recency": np.ceil(tx), "age": np.array(age), "mean_spend": mean}


def measure(histories: dict[str, Any]) -> dict[str, Taken]:
    """Fit both models, then score with and without intervals."""
    from closeknit.engine import customers as engine

    x, tx, age, mean = (histories[name] for name in ("frequency", "recency", "age", "mean_spend"))
    again = x > 0
    fit = take(lambda: engine.fit_purchases(x, tx, age), times=3)
    spend = take(lambda: engine.fit_spend(x[again], mean[again]), times=3)
    score = take(
        lambda: (
            engine.expected_purchases_ahead(fit.answer, x, tx, age, PERIODS),
            engine.expected_spend(spend.answer, x, mean),
        ),
        times=3,
    )
    value = take(
        lambda: engine.purchase_value(
            fit.answer, spend.answer, x, tx, age, mean, periods=PERIODS, discount_per_period=0.002
        ),
        times=1,
    )
    return {"fit": fit, "spend": spend, "score": score, "value": value}


def peer(histories: dict[str, Any]) -> dict[str, Any] | str:
    """What lifetimes answers, or why it was not run."""
    import numpy as np

    try:
        prepare(LOCK, HOME)
        with tempfile.TemporaryDirectory(prefix="closeknit-bench-") as folder:
            path = Path(folder, "histories.npz")
            np.savez(path, **histories)
            return ask("_peer_value", "buyers", {"histories": str(path), "periods": PERIODS, "shown": SHOWN}, HOME)
    except NoPeer as reason:
        return str(reason)


def report(customers: int, ours: dict[str, Taken], theirs: dict[str, Any] | str | None) -> int:
    """Print what was measured, and what differs."""
    rows = []
    for name, work, key in (
        ("fit", "fit who buys again (MBG/NBD)", "cpu_fit"),
        ("spend", "fit spend (gamma-gamma)", "cpu_spend"),
        ("score", "purchases and spend ahead", "cpu_score"),
        ("value", "value ahead, discounted, with an interval", ""),
    ):
        taken = ours[name]
        peers = theirs[key] if isinstance(theirs, dict) and key else None
        ratio = f"{peers / taken.cpu:.1f}" if peers else "no peer has it" if not key else "not run"
        rows.append((work, f"{taken.cpu:.2f}", f"{taken.wall:.2f}", f"{peers:.2f}" if peers else "", ratio))
    headings = ("work", "our cpu s", "our wall s", "lifetimes cpu s", "times faster")
    show(f"{customers:,} customers, one thread's processor seconds", headings, rows)
    total = ours["fit"].wall + ours["spend"].wall + ours["value"].wall
    print(
        f"\nFitted and valued with intervals in {total:.1f} s on the clock; wanted: {WANTED_SECONDS:.0f} s a million."
    )
    if isinstance(theirs, str):
        print(f"lifetimes was not run: {theirs}")
    differs = compare(ours, theirs) if isinstance(theirs, dict) else []
    for line in differs:
        print(f"DIFFERS: {line}")
    if isinstance(theirs, dict) and not differs:
        print(f"Parameters and {SHOWN:,} customers' purchases and spend ahead agree within {SAME:.1%}.")
    return int(bool(differs) or total > WANTED_SECONDS)


def compare(ours: dict[str, Taken], theirs: dict[str, Any]) -> list[str]:
    """What differs by more than half a per cent."""
    import numpy as np

    model, spend = ours["fit"].answer, ours["spend"].answer
    ahead, worth = ours["score"].answer
    pairs = {
        "r, alpha, a, b": (model.parameters, theirs["parameters"]),
        "p, q, v": ((spend.p, spend.q, spend.v), theirs["spend"]),
        "purchases ahead": (ahead[:SHOWN], theirs["ahead"]),
        "spend ahead": (worth[:SHOWN], theirs["worth"]),
    }
    found = []
    for name, (mine, other) in pairs.items():
        gap = np.max(np.abs(np.asarray(mine) / np.asarray(other) - 1.0))
        if not gap <= SAME:
            found.append(f"{name}: by {gap:.2%}")
    return found


if __name__ == "__main__":
    sys.exit(main())
