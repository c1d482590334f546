"""What records state, in a form that can be compared: names, addresses, numbers, without what differs by habit."""

import re
import unicodedata
from collections.abc import Mapping

LEGAL_FORMS = frozenset(
    (
        *(
            "inc",
            "incorporated",
            "llc",
            "llp",
            "co",
            "corp",
            "corporation",
            "company",
            "ltd",
            "limited",
            "plc",
            "group",
        ),
        *(
            "holding",
            "holdings",
            "gmbh",
            "ag",
            "kg",
            "ohg",
            "ug",
            "se",
            "ev",
            "mbh",
            "gruppe",
            "lda",
            "sa",
            "sl",
            "slu",
        ),
        *(
            "unipessoal",
            "cia",
            "srl",
            "spa",
            "sas",
            "sarl",
            "bv",
            "nv",
            "ab",
            "as",
            "oy",
            "und",
            "and",
            "y",
            "e",
            "the",
        ),
    )
)
FREE_MAIL = frozenset(
    (
        *(
            "gmail.com",
            "googlemail.com",
            "outlook.com",
            "hotmail.com",
            "live.com",
            "yahoo.com",
            "icloud.com",
            "aol.com",
        ),
        *("gmx.de", "gmx.net", "web.de", "t-online.de", "freenet.de", "sapo.pt", "mail.com", "proton.me"),
        *("freemail.example", "postfach.example", "correio.example"),
    )
)
"""Mail hosts whose addresses belong to nobody's company."""
_STREET_WORDS = (
    (re.compile(r"\b(street|str|st)\b"), "st"),
    (re.compile(r"(strasse|str)\b"), "str"),
    (re.compile(r"\b(avenue|avenida|ave|av)\b"), "av"),
    (re.compile(r"\b(road|rd)\b"), "rd"),
    (re.compile(r"\b(boulevard|blvd)\b"), "blvd"),
)
PHONE_DIGITS = 8


def plain(text: str) -> str:
    """Return a text in small letters and digits, single spaces, without accents."""
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", folded).split())


def comparable(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what a record states in comparable form; "" where it says nothing."""
    name = plain(fields.get("name", ""))
    words = name.split()
    core = [word for word in words if word not in LEGAL_FORMS] or words
    email = fields.get("email", "").strip().lower()
    host = email.rpartition("@")[2] if "@" in email else ""
    return {
        "name": name,
        "core": " ".join(core),
        "form": " ".join(word for word in words if word in LEGAL_FORMS),
        "street": _street(fields.get("street", "")),
        "postcode": plain(fields.get("postcode", "")).replace(" ", ""),
        "city": plain(fields.get("city", "")),
        "phone": _phone(fields.get("phone", "")),
        "email": email if "@" in email else "",
        "host": _host(fields.get("website", "")) or ("" if host in FREE_MAIL else host),
        "tax_id": _number(fields.get("tax_id", "")),
        "duns": _number(fields.get("duns", "")),
    }


def _street(text: str) -> str:
    street = plain(text)
    for pattern, short in _STREET_WORDS:
        street = pattern.sub(short, street)
    return street


def _phone(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else ""


def _host(text: str) -> str:
    host = re.sub(r"^[a-z]+://", "", text.strip().lower()).partition("/")[0].partition(":")[0].removeprefix("www.")
    return "" if host in FREE_MAIL or "." not in host else host


def _number(text: str) -> str:
    number = re.sub(r"[^A-Z0-9]", "", text.upper())
    # A number of one digit repeated, such as 000000000, stands for none.
    return number if len(number) >= 6 and len(set(number)) > 1 else ""
