"""Short comments of people in business, put together from parts by theme and mood. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence

THEMES = ("late", "wait", "repair", "price", "quality", "people", "plain")

_LEADS: dict[str, tuple[str, ...]] = {
    "bad": (
        "Frankly,",
        "Sorry to say,",
        "Third time now:",
        "Not what we are used to:",
        "Disappointing,",
        "To be honest,",
        "We had to call twice,",
        "My team is annoyed,",
        "Please look into this:",
        "",
    ),
    "mixed": ("All in all", "Mostly fine,", "Not bad,", "Could be better,", "On balance", "It was okay,", ""),
    "good": (
        "As always,",
        "Very happy,",
        "Well done,",
        "Nothing to complain about,",
        "Great,",
        "Thank you,",
        "Once again",
        "Keep it up,",
        "",
    ),
}
_BODIES: dict[tuple[str, str], tuple[str, ...]] = {
    ("late", "bad"): (
        "the delivery came later than promised",
        "we waited days for parts that were in stock",
        "our line stood still because the order was late",
        "nobody told us that the shipment would slip",
        "half of the order arrived after the date you gave",
        "delays are becoming the rule lately",
    ),
    ("late", "mixed"): (
        "the goods came, only a little late",
        "delivery could be more punctual",
        "one of the shipments was late, the rest on time",
        "the date moved but you did tell us",
    ),
    ("wait", "bad"): (
        "far too long on hold",
        "I hung up the first time because nobody answered",
        "the phone queue is a waste of my morning",
        "it took ages to reach a person",
    ),
    ("wait", "mixed"): (
        "the line was busy but the answer was right",
        "a bit of waiting before someone picked up",
        "the callback would have been quicker than the queue",
    ),
    ("repair", "bad"): (
        "the engineer had to come back for the same fault",
        "the machine was down for too long",
        "we were given no time for the visit and had to wait all day",
    ),
    ("repair", "mixed"): (
        "the repair holds, though it took two tries",
        "the visit was fine but came late in the week",
    ),
    ("price", "bad"): (
        "the prices went up again and the service did not",
        "the freight charges are hard to explain",
    ),
    ("price", "mixed"): ("good goods but not cheap", "the invoice was right in the end"),
    ("quality", "good"): (
        "the goods were exactly as ordered",
        "packing and labels were in perfect order",
        "the parts fit the first time",
        "everything arrived complete and undamaged",
    ),
    ("people", "good"): (
        "the lady on the phone knew our plant and solved it at once",
        "quick and friendly answer",
        "your engineer was on time and explained what he did",
        "our contact thinks along with us",
    ),
    ("late", "good"): (
        "the rush order came even before the promised date",
        "deliveries are on the dot these days",
    ),
    ("plain", "good"): ("all good", "we got what we needed", "works for us"),
    ("plain", "mixed"): ("average", "neither good nor bad", "it does the job"),
    ("plain", "bad"): ("not satisfied", "we expected more", "this was not worth our time"),
}
_CLOSES: dict[str, tuple[str, ...]] = {
    "bad": (
        "please call me.",
        "we are looking at other suppliers.",
        "this must get better.",
        "fix this.",
        "",
        "",
        "",
    ),
    "mixed": ("let us see next time.", "thanks anyway.", "", "", ""),
    "good": ("thank you!", "many thanks to the team.", "", "", "see you next month."),
}


def themes_for(mood: str) -> list[str]:
    """Themes that have sentences for `mood` (bad, mixed or good)."""
    return [theme for theme in THEMES if (theme, mood) in _BODIES]


def _part(words: Sequence[str], draw: float) -> str:
    return words[int(draw * len(words))]


def compose(theme: str, mood: str, draws: Sequence[float]) -> str:
    """One comment; `draws` are three numbers in [0, 1)."""
    if (theme, mood) not in _BODIES:
        theme = "plain"
    lead = _part(_LEADS[mood], draws[0])
    body = _part(_BODIES[theme, mood], draws[1])
    close = _part(_CLOSES[mood], draws[2])
    text = f"{lead} {body}".strip()
    text = text[0].upper() + text[1:] + "."
    return f"{text} {close[0].upper()}{close[1:]}" if close else text
