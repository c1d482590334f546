"""What a value rests on, in words: how often and until when an account ordered, and for how much. Pure: no database."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

EPOCH = date(1970, 1, 1)


def say_habit(inputs: Mapping[str, Any]) -> str:
    """Return how often an account ordered, since when and until when; "" where it did not."""
    back = inputs.get("given_back", 0)
    gone = f" {_given_back(back)}" if back else ""
    if inputs["last_day"] is None:
        return gone.strip()
    orders, last = round(inputs["frequency"]) + 1, EPOCH + timedelta(days=inputs["last_day"])
    quiet = inputs["age"] - inputs["recency"]
    often = f", every {inputs['recency'] / inputs['frequency']:.1f} weeks" if orders > 1 else ""
    return (
        f"Ordered on {orders:,} {'day' if orders == 1 else 'days'} in {inputs['age']:.0f} weeks{often}; "
        f"the last is {quiet:.1f} weeks old ({last.day} {last:%b %Y}).{gone}"
    )


def say_spending(inputs: Mapping[str, Any], everybody: float | None) -> str:
    """Return what an account ordered in the last year less returns, beside everybody, and on a usual order day."""
    if inputs["last_day"] is None:
        return ""
    currency = inputs["currency"] or "in no stated currency"
    share = f", {inputs['last_year'] / everybody * 100:.1f} % of what all accounts ordered" if everybody else ""
    usual = f"; {currency} {inputs['mean_spend']:,.0f} on an order day after the first" if inputs["spend_days"] else ""
    known = min(inputs["age"], 52.0)
    return f"{currency} {inputs['last_year']:,.0f} less returns in the last {known:.0f} weeks{share}{usual}."


def _given_back(count: int) -> str:
    if count == 1:
        return "1 order day was outweighed by returns and counts as none."
    return f"{count:,} order days were outweighed by returns and count as none."
