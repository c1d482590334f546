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


_BANK = "an account or card number"
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_IBAN_BEGINS = re.compile(r"(?i)(?<![A-Z0-9])[A-Z]{2}\d{2}(?=(?: ?[A-Z0-9]){11})")
_LONGEST_IBAN = 34


def find_sensitive(text: str) -> tuple[str, ...]:
    """Return what in a text looks like personal data, in words. Patterns only: it finds the usual, not everything."""
    found = {kind for kind, pattern in {**PATTERNS, **_WORDS}.items() if pattern.search(text)}
    if _holds_iban(text):
        found.add(_BANK)
    return tuple(kind for kind in {**PATTERNS, **_WORDS} if kind in found)


def is_iban(text: str) -> bool:
    """Return whether a text, written with or without gaps, is an account number whose check digits hold (ISO 13616).

    >>> is_iban("GB82 WEST 1234 5698 7654 32"), is_iban("GB82 WEST 1234 5698 7654 33")
    (True, False)
    """
    plain = text.replace(" ", "").upper()
    if not _IBAN.fullmatch(plain):
        return False
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _holds_iban(text: str) -> bool:
    """Countries write from 15 to 34 signs, in fours or without gaps: each length that ends a word is tried."""
    for begin in _IBAN_BEGINS.finditer(text):
        signs = 0
        for place in range(begin.start(), len(text)):
            signs += text[place] != " "
            if signs > _LONGEST_IBAN or not (text[place].isalnum() or text[place] == " "):
                break
            ends = place + 1 == len(text) or not text[place + 1].isalnum()
            if ends and is_iban(text[begin.start() : place + 1]):
                return True
    return False
