"""Inputs of values as they are kept, one row per account, and back as columns. Pure: no database."""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from closeknit.rooms.customers.contracts.values import ValuedAccounts, ValueInputs

HISTORY = (
    "frequency",
    "recency",
    "age",
    "mean_spend",
    "spend_days",
    "last_year",
    "last_year_sd",
    "last_half",
    "half_before",
)


def row_inputs(
    history: Mapping[str, Any] | None,
    contract: Mapping[str, Any] | None,
    *,
    margin_share: float,
    is_margin_stated: bool,
    renewal_share: float,
) -> dict[str, Any]:
    """Return what one account's value is made of, in plain JSON."""
    return {
        "currency": history["currency"] if history else "",
        "other_currencies": history["others"] if history else [],
        "last_day": history["last_day"] if history else None,
        "given_back": history.get("given_back", 0) if history else 0,
        **{name: history[name] if history else 0.0 for name in HISTORY},
        "contract_years": contract["contract_years"] if contract else None,
        "has_left": bool(contract and contract["has_left"]),
        "margin_share": margin_share,
        "is_margin_stated": is_margin_stated,
        "renewal_share": renewal_share,
    }


def inputs_of_rows(rows: Mapping[str, Mapping[str, Any]]) -> ValueInputs:
    """Return kept inputs as columns, in the order of the rows."""
    kept = list(rows.values())
    columns = {name: np.array([row[name] for row in kept], dtype=np.float64) for name in HISTORY}
    return ValueInputs(
        account_number=tuple(rows),
        currency=tuple(row["currency"] for row in kept),
        contract_years=np.array(
            [math.nan if row["contract_years"] is None else row["contract_years"] for row in kept], dtype=np.float64
        ),
        has_left=np.array([row["has_left"] for row in kept], dtype=np.bool_),
        margin_share=np.array([row["margin_share"] for row in kept], dtype=np.float64),
        renewal_share=np.array([row["renewal_share"] for row in kept], dtype=np.float64),
        **columns,
    )


def results_digest(got: ValuedAccounts) -> str:
    """Return a digest of every bit of the values: equal only where all are."""
    found = hashlib.sha256("\x1f".join((*got.kind, *got.why_not)).encode())
    for column in (got.chance_to_stay, got.expected_orders, got.expected_spend, got.value, got.low, got.high):
        found.update(column.tobytes())
    return found.hexdigest()
