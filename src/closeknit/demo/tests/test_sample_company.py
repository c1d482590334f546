"""The generator's promises: same bytes, whole columns, truth that balances with the files."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from closeknit.demo import CompanyFiles, CompanySpec, SpecError, generate, last_monday
from closeknit.demo.build import HEADERS, build
from closeknit.demo.places import REGIONS
from closeknit.demo.planting import RULE_OF_FILE, RULES

SMALL = CompanySpec(seed=3, accounts=40, weeks=8, ends_on=date(2025, 4, 21))
ZONES = {r.code: ZoneInfo(r.time_zone) for r in REGIONS}
STAMPS = {
    "order_lines.csv": ("ordered_at", "shipped_at"),
    "contacts.csv": ("contacted_at",),
    "incidents.csv": ("opened_at", "resolved_at"),
    "surveys.csv": ("answered_at",),
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> CompanyFiles:
    return generate(SMALL, tmp_path_factory.mktemp("fernhill"))


def read(company: CompanyFiles, file: str) -> list[dict[str, str]]:
    with company.files[file].open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def truth(company: CompanyFiles, file: str):
    return json.loads((company.truth / file).read_text(encoding="utf-8"))


def good(company: CompanyFiles, file: str) -> list[dict[str, str]]:
    bad = {row["line"] for row in truth(company, "bad_rows.json") if row["file"] == file}
    return [row for line, row in enumerate(read(company, file), start=2) if line not in bad]


def digests(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_same_spec_gives_the_same_bytes(small: CompanyFiles, tmp_path: Path) -> None:
    generate(SMALL, tmp_path)
    assert digests(tmp_path) == digests(small.folder)


def test_same_bytes_in_another_process(small: CompanyFiles, tmp_path: Path) -> None:
    code = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from closeknit.demo import CompanySpec, generate\n"
        f"generate(CompanySpec(3, 40, 8, date(2025, 4, 21)), Path({str(tmp_path)!r}))"
    )
    paths = os.pathsep.join(sys.path)
    environment = os.environ | {"PYTHONHASHSEED": "99", "PYTHONPATH": paths, "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=240)
    assert digests(tmp_path) == digests(small.folder)


def test_another_seed_gives_other_orders(small: CompanyFiles, tmp_path: Path) -> None:
    other = generate(replace(SMALL, seed=4), tmp_path)
    assert digests(other.folder)["order_lines.csv"] != digests(small.folder)["order_lines.csv"]


def test_block_size_changes_no_byte(tmp_path: Path) -> None:
    spec = CompanySpec(seed=5, accounts=220, weeks=6, ends_on=date(2026, 11, 16))
    for block_accounts in (50, 150, 5_000):
        build(spec, tmp_path / str(block_accounts), block_accounts=block_accounts)
    assert digests(tmp_path / "50") == digests(tmp_path / "150") == digests(tmp_path / "5000")


@pytest.mark.parametrize("file", sorted(HEADERS))
def test_files_have_their_columns(small: CompanyFiles, file: str) -> None:
    text = small.files[file].read_text(encoding="utf-8")
    assert text.splitlines()[0] == ",".join(HEADERS[file])
    assert ";" not in text
    rows = read(small, file)
    assert len(rows) == small.rows[file] > 0
    assert all(None not in row and None not in row.values() for row in rows)


def test_leaves_no_temporary_file_and_keeps_the_old_on_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(SMALL, tmp_path)
    before = digests(tmp_path)
    monkeypatch.setattr("closeknit.demo.build.draw_surveys", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        generate(replace(SMALL, seed=9), tmp_path)
    assert digests(tmp_path) == before


def test_totals_balance_with_files(small: CompanyFiles) -> None:
    totals = truth(small, "totals.json")
    for file, count in totals["files"].items():
        assert count["rows"] == len(read(small, file)) == small.rows[file]
        assert count["good_rows"] == len(good(small, file))
        assert count["rows"] == count["good_rows"] + sum(count["bad_by_kind"].values())
        assert count["bad_rows"] == small.bad_rows[file]
    lines = good(small, "order_lines.csv")
    for kind in ("order", "return"):
        for currency in ("USD", "EUR"):
            picked = [r for r in lines if r["kind"] == kind and r["currency"] == currency]
            assert sum(Decimal(r["amount"]) for r in picked) == Decimal(totals["sums"][f"{kind}_amount_{currency}"])
            assert sum(Decimal(r["units"]) for r in picked) == Decimal(totals["sums"][f"{kind}_units_{currency}"])
    handled = sum(Decimal(r["handle_minutes"]) for r in good(small, "contacts.csv"))
    assert handled == Decimal(totals["sums"]["contact_handle_minutes"])


def test_every_kind_of_bad_row_is_in_every_file(small: CompanyFiles) -> None:
    planted = Counter((row["file"], row["kind"]) for row in truth(small, "bad_rows.json"))
    assert set(planted) == {(rule.file, kind) for rule in RULES for kind in rule.kinds}


def test_every_bad_row_is_where_the_truth_says(small: CompanyFiles) -> None:
    accounts = {row["account_number"] for row in good(small, "accounts.csv")}
    for record in truth(small, "bad_rows.json"):
        rows = read(small, record["file"])
        row, before = rows[record["line"] - 2], rows[: record["line"] - 2]
        rule = RULE_OF_FILE[record["file"]]
        assert row[rule.key] == record["key"]
        if record["field"]:
            assert row[record["field"]] == record["value"]
        assert is_bad(record["kind"], record["field"], row, before, rule.key, accounts), record


def is_bad(
    kind: str, field: str, row: dict[str, str], before: list[dict[str, str]], key: str, accounts: set[str]
) -> bool:
    """Whether `row` is bad in the way the truth says, judged from the file alone."""
    same_key = [r for r in before if r[key] == row[key] and r.get("line") == row.get("line")]
    if kind == "exact_duplicate":
        return row in same_key
    if kind == "conflicting_duplicate":
        return bool(same_key) and all(r[field] != row[field] for r in same_key)
    if same_key:
        return False
    value = row[field]
    if kind == "impossible_date":
        with pytest.raises(ValueError):
            datetime.fromisoformat(value)
        return True
    if kind == "far_future_date":
        return datetime.fromisoformat(value).year == 2099
    if kind == "text_in_number":
        with pytest.raises(ValueError):
            float(value)
        return True
    if kind == "not_a_number":
        return float(value) != float(value) or abs(float(value)) == float("inf")
    if kind == "negative_number":
        return float(value) < 0
    return {"unknown_account": value not in accounts, "missing_required": value == ""}[kind]


def test_good_rows_are_good(small: CompanyFiles) -> None:
    accounts = {row["account_number"] for row in good(small, "accounts.csv")}
    for file, columns in STAMPS.items():
        rows = good(small, file)
        keys = [(row[RULE_OF_FILE[file].key], row.get("line")) for row in rows]
        assert len(set(keys)) == len(keys)
        for row in rows:
            assert row["account_number"] in accounts
            times = [datetime.fromisoformat(row[c]) for c in columns if row[c]]
            assert times == sorted(times)
            assert all(SMALL.starts_on <= t.date() < SMALL.ends_on for t in times)
    for row in good(small, "contacts.csv"):
        assert float(row["wait_minutes"]) >= 0
        assert (float(row["handle_minutes"]) == 0) == (row["abandoned"] == "true")
    for row in good(small, "order_lines.csv"):
        assert int(row["units"]) > 0
        assert Decimal(row["amount"]) > 0


def test_offsets_follow_daylight_saving(small: CompanyFiles) -> None:
    # The small company runs over both changes of spring 2025: 9 March in America, 30 March in Europe.
    seen: dict[str, set[str]] = {code: set() for code in ZONES}
    region_of = {row["account_number"]: row["region"] for row in good(small, "accounts.csv")}
    for file, columns in STAMPS.items():
        for row in good(small, file):
            region = region_of[row["account_number"]]
            for text in (row[c] for c in columns if row[c]):
                stated = datetime.fromisoformat(text)
                assert stated.astimezone(UTC).astimezone(ZONES[region]).isoformat() == text
                seen[region].add(text[-6:])
    assert seen["north-america"] == {"-05:00", "-04:00"}
    assert seen["iberia"] == {"+00:00", "+01:00"}
    assert seen["dach"] == {"+01:00", "+02:00"}


def test_calls_only_in_opening_hours_of_open_days(small: CompanyFiles) -> None:
    closed = {(row["region"], row["closed_on"]) for row in read(small, "closures.csv")}
    for row in good(small, "contacts.csv"):
        if row["channel"] == "phone":
            at = datetime.fromisoformat(row["contacted_at"])
            assert at.weekday() < 5
            assert (row["region"], at.date().isoformat()) not in closed
            assert 8 <= at.hour < 18


def test_terms_versions_follow_each_other(small: CompanyFiles) -> None:
    by_contract: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in good(small, "terms.csv"):
        assert (row["account_number"] == "") != (row["tier"] == "")
        by_contract.setdefault((row["contract_number"], row["account_number"], row["service"]), []).append(row)
    assert any(len(rows) == 2 for rows in by_contract.values())
    for rows in by_contract.values():
        ends = [row["ends_on"] for row in rows]
        assert ends[-1] == ""
        assert [row["starts_on"] for row in rows[1:]] == ends[:-1]
    defaults = {(row["tier"], row["service"]) for row in good(small, "terms.csv") if row["tier"]}
    assert len(defaults) == 16


def test_rosters_cover_the_weeks_and_go_on(small: CompanyFiles) -> None:
    pools = {row["pool"] for row in read(small, "pools.csv")}
    rosters = read(small, "rosters.csv")
    assert {row["pool"] for row in rosters} == pools == {row["pool"] for row in read(small, "staff.csv")}
    for pool in pools:
        rows = [row for row in rosters if row["pool"] == pool]
        assert min(row["from_on"] for row in rows) == SMALL.starts_on.isoformat()
        assert any(row["to_on"] == "" for row in rows)
        assert all(row["starts_local"] < row["ends_local"] <= "23:59" for row in rows)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"accounts": 39}, "use 40 to 100000"),
        ({"weeks": 1}, "use 2 to 520"),
        ({"seed": -1}, "from 0 up"),
        ({"ends_on": date(2025, 4, 23)}, "use 2025-04-21 or 2025-04-28"),
    ],
)
def test_impossible_specs_are_refused_with_what_to_do(change: dict[str, object], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        replace(SMALL, **change)


def test_last_monday() -> None:
    assert last_monday(date(2026, 11, 22)) == date(2026, 11, 16)
    assert last_monday(date(2026, 11, 16)) == date(2026, 11, 16)


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("CLOSEKNIT_SLOW") != "1", reason="slow: set CLOSEKNIT_SLOW=1")
def test_a_hundred_thousand_accounts_in_bounded_memory(tmp_path: Path) -> None:
    code = (
        "import resource; from datetime import date; from pathlib import Path\n"
        "from closeknit.demo import CompanySpec, generate\n"
        f"made = generate(CompanySpec(7, 100_000, 2, date(2026, 11, 16)), Path({str(tmp_path)!r}))\n"
        "print(made.rows['accounts.csv'] - made.bad_rows['accounts.csv'])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment, timeout=300, capture_output=True, text=True
    )
    accounts, megabytes = map(int, done.stdout.split())
    assert accounts == 100_000
    assert megabytes < 500
