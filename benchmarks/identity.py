"""How fast, and how rightly, are records of two systems brought together, by the sample company's own truth?

A pair is right where both records are of one company. Precision: which share of the pairs brought together is right;
recall: which share of the right pairs was brought together. The CRM's knowledge of our numbers is left out.
"""

import argparse
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from benchmarks._report import show
from closeknit.demo.accounts import draw_profiles, granules
from closeknit.demo.records import draw_records
from closeknit.demo.spec import CompanySpec
from closeknit.rooms.customers.compute.matching import resolve
from closeknit.rooms.customers.contracts import LINK_SHARE, REVIEW_SHARE, MatchRecord, Resolution

ACCOUNTS, QUICK_ACCOUNTS = 52_000, 5_200
FIELDS = ("street", "postcode", "city", "phone", "email", "website", "tax_id")
MOST_SECONDS, LEAST_PRECISION, LEAST_RECALL = 120.0, 0.999, 0.98


def main() -> None:
    """Resolve the sample company's records, knowing that the ERP's accounts differ, and without knowing it."""
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true", help="a tenth of the records")
    accounts = QUICK_ACCOUNTS if options.parse_args().quick else ACCOUNTS
    rows, failed = [], False
    for title, numbered in (("ERP's accounts known to differ (as in use)", True), ("nothing known", False)):
        records, truth = sample_records(accounts, numbered=numbered)
        started, cpu = time.perf_counter(), time.process_time()
        found = resolve_all(records)
        took, used = time.perf_counter() - started, time.process_time() - cpu
        precision, recall = pairwise(found.label_of, truth)
        rows.append(
            (
                title,
                f"{len(records):,}",
                f"{found.compared_pairs:,}",
                f"{took:.1f}",
                f"{used:.1f}",
                f"{precision:.5f}",
                f"{recall:.5f}",
                f"{len(found.to_review):,}",
            )
        )
        if numbered:
            failed = took > MOST_SECONDS or precision < LEAST_PRECISION or recall < LEAST_RECALL
    headings = ("what is known", "records", "pairs compared", "seconds", "CPU s", "precision", "recall", "to people")
    show(f"Identity, sample company of {accounts:,} accounts in two systems", headings, rows)
    if failed:
        raise SystemExit(
            f"Below the aim: {MOST_SECONDS:g} s, precision {LEAST_PRECISION}, recall {LEAST_RECALL} at the default."
        )


def resolve_all(records: Sequence[MatchRecord]) -> Resolution:
    """Resolve at the default thresholds."""
    link_share, review_share = float(LINK_SHARE.default), float(REVIEW_SHARE.default)
    return resolve(records, link_share=link_share, review_share=review_share, rng=np.random.default_rng(1))


def sample_records(accounts: int, *, numbered: bool) -> tuple[list[MatchRecord], dict[int, str]]:
    """Records of both systems as matching sees them, and whose each is (nobody's: its own)."""
    spec = CompanySpec(7, accounts, 104, date(2026, 3, 2))
    records: list[MatchRecord] = []
    truth: dict[int, str] = {}
    for granule in range(granules(accounts)):
        drawn = draw_records(spec, draw_profiles(spec, granule))
        for at, number in enumerate(drawn.erp["account_number"]):
            stated = {"name": drawn.erp["name"][at], "duns": drawn.erp["duns"][at]}
            stated |= {name: drawn.erp[name][at] for name in FIELDS}
            truth[len(records)] = number
            records.append(MatchRecord(len(records), number if numbered else "", stated))
        for at, number in enumerate(drawn.crm_truth):
            stated = {"name": drawn.crm["company"][at]} | {name: drawn.crm[name][at] for name in FIELDS}
            truth[len(records)] = number or f"nobody's {len(records)}"
            records.append(MatchRecord(len(records), "", stated))
    return records, truth


def pairwise(label_of: Mapping[int, int], truth: Mapping[int, str]) -> tuple[float, float]:
    """Precision and recall over pairs of records."""
    both = Counter((label, truth[record]) for record, label in label_of.items())
    right = _pairs(both.values())
    made, there = _pairs(Counter(label_of.values()).values()), _pairs(Counter(truth.values()).values())
    return right / max(1, made), right / max(1, there)


def _pairs(sizes: object) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
