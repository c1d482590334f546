"""The ten most valuable customers of a real wholesaler are those that a person would name."""

import os
from pathlib import Path

import numpy as np
import pytest

from closeknit.rooms.customers.compute.value_rows import inputs_of_rows, row_inputs
from closeknit.rooms.customers.compute.values import order_histories, value_accounts
from closeknit.rooms.sensing.contracts import PurchaseDays

SHARED = Path(os.environ.get("CLOSEKNIT_SHARED", Path(__file__).resolve().parents[3] / "shared"))
PATH = SHARED / "data" / "online_retail" / "online_retail.parquet"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not PATH.is_file(), reason="online_retail not found: set CLOSEKNIT_SHARED to its folder"),
]


@pytest.fixture(scope="module")
def days() -> PurchaseDays:
    """Orders and returns per customer and day, as the recipe reads them: cancelled lines are returns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines = pq.read_table(PATH, columns=["InvoiceNo", "InvoiceDate", "Quantity", "UnitPrice", "CustomerID"])
    customer = lines["CustomerID"].to_pylist()
    keep = np.array([bool(number) for number in customer]) & (lines["UnitPrice"].to_numpy() > 0)
    day = lines["InvoiceDate"].cast(pa.timestamp("s")).to_numpy().astype("datetime64[D]").astype(np.int64)
    net = lines["Quantity"].to_numpy() * lines["UnitPrice"].to_numpy()
    numbers, codes = np.unique(np.array(customer, dtype=object)[keep].astype(str), return_inverse=True)
    cells, place = np.unique(np.stack([codes, day[keep]]), axis=1, return_inverse=True)
    total = np.bincount(place.ravel(), weights=net[keep])
    bought = np.bincount(place.ravel(), weights=net[keep] > 0) > 0
    return PurchaseDays(
        account_number=tuple(numbers[cells[0]]),
        currency=("GBP",) * cells.shape[1],
        day=cells[1],
        net=total,
        has_order=bought,
    )


def test_the_ten_most_valuable_order_much_often_and_until_now(days: PurchaseDays) -> None:
    until = int(days.day.max())
    histories = order_histories(days, until)
    rows = {
        number: row_inputs(history, None, margin_share=1.0, is_margin_stated=False, renewal_share=0.9)
        for number, history in sorted(histories.items())
    }
    inputs = inputs_of_rows(rows)
    got = value_accounts(inputs, weeks=52, discount_share=0.1)
    order = np.argsort(-np.nan_to_num(got.value))
    best = [inputs.account_number[i] for i in order[:10]]
    spent = dict(zip(inputs.account_number, inputs.last_year, strict=True))
    most_spent = sorted(spent, key=lambda number: -spent[number])[:25]
    # The largest by what they spent, and nobody who came once with a big order.
    assert best[0] == most_spent[0]
    assert set(best[:6]) == set(most_spent[:6])
    assert set(best) <= set(most_spent)
    assert all(rows[number]["frequency"] >= 4 for number in best)
    assert all(rows[number]["age"] - rows[number]["recency"] < 13 for number in best)
    for i in order[:10]:
        per_week = inputs.last_year[i] / max(inputs.age[i], 1.0)
        assert got.low[i] < 52 * per_week < got.high[i] * 1.5
    total = float(np.nansum(got.value))
    assert 0.5 < total / (sum(spent.values()) / inputs.age.max() * 52) < 1.5
    assert np.nansum(got.value[order[:10]]) / total < 0.5
