"""Personal data in free text: found by simple patterns, so that nobody writes it down without saying so."""

import re

PATTERNS: dict[str, re.Pattern[str]] = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]{2,}"),
    "a telephone number": re.compile(r"(?<![\w.,])(?:\+|00|0|\(\+?)\d[\d\s()/.-]{6,}\d"),
    "an account or card number": re.compile(
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b|(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)"
    ),
    "an identity number": re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)|\b[A-Z]\d{2}[A-Z0-9]{6}\d\b"),
    "a date of birth": re.compile(r"(?i)\b(?:born (?:on|in)|date of birth|birthday|geboren|geburtsdatum)\b"),
}
WORDS: dict[str, str] = {
    "somebody's health": (
        "addict* alcoholi* allerg* anxiety burn-?out cancer chemo covid depress* diabet* diagnos* disabilit* disabled"
        " disease hiv hospital* ill illness medication mental* miscarr* pregnan* psych* rehab sick sick-?leave"
        " surger* surgical stroke suicid* therap* krank krankenhaus krebs schwanger* behindert*"
    ),
    "somebody's private life": (
        "divorc* affair bankrupt custody widow* maternity paternity funeral criminal convict* arrested prison"
        " scheidung elternzeit"
    ),
    "belief, origin or union": (
        "atheis* catholic* jewish jew muslim* hindu* religi* ethnic* refugee* asylum trade.?union* gay"
        " lesbian homosexual* bisexual transgender betriebsrat gewerkschaft*"
    ),
}
_WORDS = {
    kind: re.compile(r"(?i)\b(?:" + "|".join(word.replace("*", r"\w*") for word in words.split()) + r")\b")
    for kind, words in WORDS.items()
}


def find_sensitive(text: str) -> tuple[str, ...]:
    """Return what in a text looks like personal data, in words. Patterns only: it finds the usual, not everything."""
    return tuple(kind for kind, pattern in {**PATTERNS, **_WORDS}.items() if pattern.search(text))
