"""Scores as they are kept: from values as they are kept."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from closeknit.kernel.output import plain
from closeknit.rooms.customers.compute.scores import ScoreInputs, rule_version, score_all
from closeknit.rooms.customers.contracts import ScoreTermName

EPOCH = date(1970, 1, 1)


class Valued(Protocol):
    """One account's kept value, with its inputs as they were."""

    account_number: str
    currency: str
    inputs: Any
    chance_to_stay: float | None
    value: float | None


def score_columns(rows: Sequence[Valued], kept: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the columns of the scores of valued accounts, in their order.

    Args:
        kept: by account, what scores take beside values: weights, strategic share, handling time.
    """
    parts = {
        number: {name: int(inputs["weights"][name.value]) for name in ScoreTermName} for number, inputs in kept.items()
    }
    found = score_all([_inputs(row, kept[row.account_number]) for row in rows], parts)
    return [
        {
            "account_number": row.account_number,
            "thousandths": found[row.account_number][1],
            "terms": plain(list(found[row.account_number][0])),
            "inputs": kept[row.account_number],
            "rule_version": rule_version(parts[row.account_number]),
            "data_until_on": _last_day(row),
        }
        for row in rows
    ]


def _inputs(row: Valued, kept: Mapping[str, Any]) -> ScoreInputs:
    return ScoreInputs(
        account_number=row.account_number,
        currency=row.currency,
        value=row.value,
        chance_to_stay=row.chance_to_stay,
        strategic_share=kept["strategic_share"],
        age_weeks=row.inputs["age"] or None,
        last_half=row.inputs["last_half"],
        half_before=row.inputs["half_before"],
        handled_minutes=kept["handled_minutes"],
        last_year=row.inputs["last_year"],
    )


def _last_day(row: Valued) -> date | None:
    last = row.inputs["last_day"]
    return EPOCH + timedelta(days=last) if last is not None else None
