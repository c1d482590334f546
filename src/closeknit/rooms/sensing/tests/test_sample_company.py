"""The sample company through the front door: quarantine finds what the generator planted, and nothing
else.
"""

import json
from collections import Counter
from datetime import date

import pytest

from closeknit.demo import CompanySpec, generate
from closeknit.kernel import clock
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.load_recipe import load_recipe
from closeknit.rooms.sensing.contracts import Counts, FactKind

CODES = {
    "conflicting_duplicate": {"key-conflict"},
    "far_future_date": {"far-future"},
    "impossible_date": {"impossible-date"},
    "missing_required": {"missing"},
    "negative_number": {"out-of-range"},
    "not_a_number": {"not-finite"},
    "text_in_number": {"not-a-number", "not-a-whole-number"},
    "unknown_account": {"unknown-account"},
}


# Seed 5 plants a credit below nothing among its terms, seed 11 does not.
@pytest.mark.django_db
@pytest.mark.parametrize(("seed", "accounts", "weeks"), [(11, 60, 30), (5, 40, 6)])
def test_quarantine_finds_every_planted_row_and_no_other(tmp_path, alice, seed, accounts, weeks):
    spec = CompanySpec(seed=seed, accounts=accounts, weeks=weeks, ends_on=date(2026, 6, 1))
    files = generate(spec, tmp_path / "company")
    card = load_recipe("sample-company", files.folder, by=alice, at=clock.now())
    planted = json.loads((files.truth / "bad_rows.json").read_text())
    refused = {(r.source_name, r.line): r.code for r in reads.list_quarantined(by=alice, limit=10_000)}
    expected = {(b["file"], b["line"]): CODES[b["kind"]] for b in planted if b["kind"] != "exact_duplicate"}
    assert set(refused) == set(expected)
    assert [place for place, code in refused.items() if code not in expected[place]] == []
    kinds = Counter(b["kind"] for b in planted)
    rows = sum(files.rows.values())
    copies = kinds["exact_duplicate"]
    assert card.counts == Counts(rows, rows - len(planted), len(planted) - copies, copies)
    again = load_recipe("sample-company", files.folder, by=alice, at=clock.now())
    assert again.counts == Counts(rows, 0, 0, rows)
    assert len(reads.list_facts(FactKind.POOL, by=alice)) == 10
    assert {span.operation for span in reads.list_operations(by=alice)} == {
        "warehouse",
        "service-desk",
        "field-service",
    }
