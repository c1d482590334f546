"""Whether what people knew happened: what came, against the forecast without it."""

from closeknit.rooms.customers.contracts import InsightCard, InsightMeasure
from closeknit.rooms.demand.contracts import InsightOutcome

LEAST_PART = 0.5
"""An insight happened where at least this part of its size came: nearer to what was said than to the forecast."""


def judge_insight(card: InsightCard, units_expected: float, units_came: float) -> InsightOutcome:
    """Return what came of an insight, by the units forecast without it and those that came on its days."""
    change = units_came - units_expected
    if card.signed_size < 0:
        change = -change
    said = f"{units_came:,.0f} units came where {units_expected:,.0f} were forecast without it."
    if card.measure is InsightMeasure.UNITS_PER_WEEK:
        size = change / ((card.to_on - card.from_on).days / 7)
    elif units_expected > 0:
        size = change / units_expected
    else:
        # Of nothing there is no share: any work at all is more.
        return InsightOutcome(1.0 if change > 0 else 0.0, None, said)
    return InsightOutcome(1.0 if size >= LEAST_PART * card.size else 0.0, size, said)
