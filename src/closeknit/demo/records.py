"""What two systems say of the same accounts: the ERP's addresses, and the CRM's companies with all that is wrong there.

Who is who stays in the truth. Some companies stand twice in the CRM, some have moved and only one system knows, some
are not our accounts at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from closeknit.demo.accounts import Profiles
from closeknit.demo.names import company_name
from closeknit.demo.places import REGIONS
from closeknit.demo.seeds import GRANULE_ACCOUNTS, Stream, stream
from closeknit.demo.spec import MAX_ACCOUNTS, CompanySpec
from closeknit.demo.writing import Columns

ERP_HEADER = (
    "account_number",
    "name",
    "street",
    "postcode",
    "city",
    "country",
    "phone",
    "email",
    "website",
    "tax_id",
    "duns",
    "updated_at",
)
CRM_HEADER = (
    "crm_id",
    "our_number",
    "company",
    "street",
    "postcode",
    "city",
    "country",
    "phone",
    "email",
    "website",
    "tax_id",
    "industry",
    "opted_out",
    "updated_at",
)
IN_CRM, TWICE, PROSPECTS = 0.88, 0.05, 0.03
MOVED, MISSPELT, NO_FORM, SHORTENED = 0.05, 0.25, 0.35, 0.08
KNOWS_OUR_NUMBER = 0.25
SILENT = {"phone": 0.20, "email": 0.25, "website": 0.35, "tax_id": 0.50}
OTHER = {"phone": 0.15, "email": 0.15}
_COUNTRIES = (("US",), ("PT", "ES"), ("DE", "DE", "DE", "AT", "CH"))
_CODES = {"US": "+1", "PT": "+351", "ES": "+34", "DE": "+49", "AT": "+43", "CH": "+41"}
_STEMS = (
    ("Maple", "Foundry", "Harbor", "Union", "Quarry", "Prairie", "Orchard", "Canal", "Sycamore", "Depot", "Lake"),
    ("das Oliveiras", "do Moinho", "da Fonte", "Nova", "do Comercio", "da Estacao", "dos Ferreiros", "do Porto"),
    ("Linden", "Muehlen", "Bahnhof", "Industrie", "Garten", "Hafen", "Schmiede", "Wiesen", "Kirch", "Markt", "Ring"),
)
_KINDS = (("Street", "Avenue", "Road", "Boulevard"), ("Rua", "Avenida", "Travessa"), ("strasse", "weg", "allee"))
_SHORT = {"Street": "St", "Avenue": "Ave", "Road": "Rd", "Boulevard": "Blvd", "strasse": "str.", "Avenida": "Av."}
_FREE_MAIL = ("freemail.example", "postfach.example", "correio.example")
_FORM_WORDS = frozenset(
    (
        *("Inc", "LLC", "Co", "Group", "Holdings", "Lda", "SA", "SL", "GmbH", "AG", "KG", "OHG"),
        *("und", "y", "e", "&", "Cia", "Gruppe", "Unipessoal"),
    )
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Company:
    """A company as it truly is."""

    name: str
    street: str
    house: int
    postcode: str
    city: str
    country: str
    phone: str
    email: str
    website: str
    tax_id: str
    duns: str


@dataclass(frozen=True, slots=True)
class Records:
    """What both systems say of a granule's accounts; as truth, whose record each of the CRM's is ("": nobody's)."""

    erp: Columns
    crm: Columns
    crm_truth: list[str]
    crm_moved: list[bool]


def draw_records(spec: CompanySpec, profiles: Profiles) -> Records:
    """Draw both systems' records of one granule."""
    rng = stream(spec.seed, Stream.RECORDS, profiles.granule)
    companies = [
        _company(rng, name, region) for name, region in zip(profiles.names, profiles.region.tolist(), strict=True)
    ]
    erp = [_erp_row(rng, spec, number, company) for number, company in zip(profiles.numbers, companies, strict=True)]
    found: list[tuple[tuple[str, ...], str, bool]] = []
    for number, region, company in zip(profiles.numbers, profiles.region.tolist(), companies, strict=True):
        if rng.random() < IN_CRM:
            for _ in range(2 if rng.random() < TWICE else 1):
                moved = bool(rng.random() < MOVED)
                said = _before_it_moved(rng, company, region) if moved else company
                ours = number if rng.random() < KNOWS_OUR_NUMBER else ""
                found.append((_crm_row(rng, spec, said, ours), number, moved))
    for place in range(int(rng.binomial(profiles.count, PROSPECTS))):
        region = int(rng.integers(0, len(REGIONS)))
        position = MAX_ACCOUNTS + profiles.granule * 10 + place % 10
        company = _company(rng, company_name(position, spec.seed, REGIONS[region].code), region)
        found.append((_crm_row(rng, spec, company, ""), "", False))
    order = rng.permutation(len(found)).tolist()
    first = profiles.granule * 3 * GRANULE_ACCOUNTS
    crm = [(f"C{first + at + 1:07d}", *found[i][0]) for at, i in enumerate(order)]
    return Records(
        erp={name: [row[i] for row in erp] for i, name in enumerate(ERP_HEADER)},
        crm={name: [row[i] for row in crm] for i, name in enumerate(CRM_HEADER)},
        crm_truth=[found[i][1] for i in order],
        crm_moved=[found[i][2] for i in order],
    )


def _pick(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(0, len(words)))]


def _company(rng: np.random.Generator, name: str, region: int) -> Company:
    country = _pick(rng, _COUNTRIES[region])
    street, house, postcode, city = _address(rng, region, country)
    host = re.sub(r"[^a-z0-9]+", "-", _plain(name).lower()).strip("-") + ".example"
    if rng.random() < 0.12:
        email, website = f"{host.removesuffix('.example')}@{_pick(rng, _FREE_MAIL)}", ""
    else:
        email, website = f"{_pick(rng, ('info', 'office', 'purchasing', 'orders'))}@{host}", f"www.{host}"
    digits = "".join(map(str, rng.integers(0, 10, 9).tolist()))
    tax_id = f"{digits[:2]}-{digits[2:]}" if country == "US" else f"{country}{digits}"
    duns = "".join(map(str, rng.integers(0, 10, 9).tolist())) if rng.random() < 0.5 else ""
    return Company(name, street, house, postcode, city, country, _phone(rng, country), email, website, tax_id, duns)


def _address(rng: np.random.Generator, region: int, country: str) -> tuple[str, int, str, str]:
    stem, kind = _pick(rng, _STEMS[region]), _pick(rng, _KINDS[region])
    street = (f"{stem} {kind}", f"{kind} {stem}", f"{stem}{kind}")[region]
    town = int(rng.integers(0, len(REGIONS[region].towns)))
    number = 10_000 + 1_000 * region + 7_000 * town + int(rng.integers(0, 700))
    postcode = f"{number // 10}-{number % 1000:03d}" if country == "PT" else str(number)
    return street, int(rng.integers(1, 240)), postcode, REGIONS[region].towns[town]


def _phone(rng: np.random.Generator, country: str) -> str:
    area, line = int(rng.integers(200, 999)), int(rng.integers(100_000, 9_999_999))
    return f"{_CODES[country]} {area} {line}"


def _house(company: Company) -> str:
    if company.country == "US":
        return f"{company.house} {company.street}"
    return f"{company.street} {company.house}"


def _stamp(rng: np.random.Generator, spec: CompanySpec) -> str:
    ends = datetime(spec.ends_on.year, spec.ends_on.month, spec.ends_on.day, tzinfo=UTC)
    return (ends - timedelta(minutes=int(rng.integers(60, 900 * 1440)))).isoformat()


def _erp_row(rng: np.random.Generator, spec: CompanySpec, number: str, company: Company) -> tuple[str, ...]:
    return (
        number,
        company.name,
        _house(company),
        company.postcode,
        company.city,
        company.country,
        company.phone,
        company.email,
        company.website,
        company.tax_id if rng.random() < 0.9 else "",
        company.duns,
        _stamp(rng, spec),
    )


def _before_it_moved(rng: np.random.Generator, company: Company, region: int) -> Company:
    street, house, postcode, city = _address(rng, region, company.country)
    words = {name: getattr(company, name) for name in Company.__slots__}
    return Company(**(words | {"street": street, "house": house, "postcode": postcode, "city": city}))


def _crm_row(rng: np.random.Generator, spec: CompanySpec, company: Company, ours: str) -> tuple[str, ...]:
    silent = {name for name, share in SILENT.items() if rng.random() < share}
    if "phone" in silent and "email" in silent and "tax_id" in silent:
        # Sales can reach every company somehow.
        silent.discard("email" if rng.random() < 0.5 else "phone")
    return (
        ours,
        _misspelt(rng, company.name),
        _abbreviated(rng, _house(company)),
        company.postcode if rng.random() < 0.92 else "",
        company.city,
        company.country if rng.random() < 0.8 else "",
        "" if "phone" in silent else _their_phone(rng, company),
        "" if "email" in silent else _their_email(rng, company),
        "" if "website" in silent else company.website.removeprefix("www." if rng.random() < 0.5 else ""),
        "" if "tax_id" in silent else company.tax_id.replace("-", "" if rng.random() < 0.5 else "-"),
        _pick(rng, ("manufacturing", "trade", "food", "services", "")),
        "yes" if rng.random() < 0.04 else "no",
        _stamp(rng, spec),
    )


def _their_phone(rng: np.random.Generator, company: Company) -> str:
    if rng.random() < OTHER["phone"]:
        return _phone(rng, company.country)
    return company.phone.replace(" ", "-") if rng.random() < 0.4 else company.phone


def _their_email(rng: np.random.Generator, company: Company) -> str:
    if rng.random() < OTHER["email"]:
        person = "".join(_LETTERS[i] for i in rng.integers(0, 26, 7).tolist())
        return f"{person}@{company.email.partition('@')[2]}"
    return company.email


def _misspelt(rng: np.random.Generator, name: str) -> str:
    words = name.split()
    if rng.random() < NO_FORM:
        words = [word for word in words if word.strip(",") not in _FORM_WORDS] or words
    if rng.random() < SHORTENED and len(words) > 1:
        words[1] = words[1][:4] + "."
    text = " ".join(words).rstrip(",")
    if rng.random() < MISSPELT:
        text = _typo(rng, text)
    return text.upper() if rng.random() < 0.1 else text


def _abbreviated(rng: np.random.Generator, street: str) -> str:
    if rng.random() < 0.4:
        for word, short in _SHORT.items():
            street = street.replace(word, short)
    return _typo(rng, street) if rng.random() < 0.08 else street


def _typo(rng: np.random.Generator, text: str) -> str:
    at, letter = int(rng.integers(1, max(2, len(text) - 1))), _LETTERS[int(rng.integers(0, 26))]
    kind = int(rng.integers(0, 4))
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + letter + text[at:]
    if kind == 2:
        return text[:at] + letter + text[at + 1 :]
    return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :] if at < len(text) else text


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
