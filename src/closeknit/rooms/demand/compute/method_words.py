"""Methods' names in words that a planner would use."""

import re

_SEASONS = {7: "weekly", 48: "daily", 336: "weekly", 364: "yearly", 365: "yearly", 52: "yearly"}
_PATTERN = re.compile(
    r"\b(?:(seasonal_naive|seasonal_mean|smoothing|theta|mean)_(\d+)(?:x(\d+))?"
    r"|naive|sba|sbj|tsb|croston|mix of (\d+))\b"
)
_PLAIN = {
    "naive": "last value again",
    "sba": "rare demand (SBA)",
    "sbj": "rare demand (SBJ)",
    "tsb": "rare demand (TSB)",
    "croston": "rare demand (Croston)",
}


def method_words(text: str) -> str:
    """Return a text with each method's name in words: "smoothing_7" is "exponential smoothing, weekly season"."""
    return _PATTERN.sub(_said, text)


def _said(found: re.Match[str]) -> str:
    family, period, seasons, mixed = found.groups()
    if mixed:
        return f"{mixed} methods by merit"
    if family is None:
        return _PLAIN[found.group()]
    season = _SEASONS.get(int(period), f"{period}-period")
    if family in ("smoothing", "theta"):
        name = "exponential smoothing" if family == "smoothing" else "theta"
        return name if period == "1" else f"{name}, {season} season"
    if family == "seasonal_naive":
        return f"last {season} season again"
    if family == "seasonal_mean" and seasons is None:
        return f"mean of {period} seasons"
    if period == "1" or seasons is None:
        return f"mean of the last {seasons or period}"
    return f"mean of {seasons} {season} seasons"
