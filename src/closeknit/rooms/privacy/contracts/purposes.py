"""What data may be used for: purposes, in versions, with their legal basis in each jurisdiction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ELSEWHERE = "*"
"""The rule for jurisdictions without one of their own. A purpose without it may not be used there at all."""
EU = "EU"
EEA = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)

TIERING = "tiering"
ACCOUNT_FORECAST = "account-forecast"
INSIGHT = "insight"
OUTREACH = "outreach"
SURVEY = "survey"
SERVICE = "service"
TEST_COPY = "test-copy"


class Basis(StrEnum):
    """Why the law lets data be used: only consent must be given first; only duty and contract stand an opt-out."""

    CONSENT = "consent"
    LEGITIMATE_INTERESTS = "legitimate-interests"
    OPT_OUT = "opt-out"
    CONTRACT = "contract"
    LEGAL_DUTY = "legal-duty"


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """The basis of a purpose in one jurisdiction, and the law that says so."""

    basis: Basis
    law: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """One version of a purpose: what for, which decisions use it, and on what basis in each jurisdiction.

    `bases` go by country ("DE"), part of one ("US-CA"), "EU" (the EEA) or "*" (elsewhere). What is personalised stops
    with an opt-out on every basis. `consent_days`: how long a consent lasts; None: until it is withdrawn.
    `renews_consent`: a consent to an earlier version does not cover this one.
    """

    purpose: str
    version: int
    title: str
    what_for: str
    decisions: tuple[str, ...]
    is_personalised: bool
    bases: Mapping[str, LegalBasis]
    consent_days: int | None = 730
    renews_consent: bool = False
    is_sensitive: bool = False
    controller: str = "The company that runs this system"
    policy_url: str = ""
    is_retired: bool = False
    adopted_by: str = ""
    adopted_at: datetime | None = None
    reason: str = "As shipped."


def _bases(eu: str, eu_law: str, us: str, elsewhere: str) -> dict[str, LegalBasis]:
    return {
        EU: LegalBasis(Basis(eu), f"GDPR {eu_law}"),
        "GB": LegalBasis(Basis(eu), f"UK GDPR {eu_law}"),
        "US": LegalBasis(Basis(us), "CCPA 1798.120 and state laws alike"),
        ELSEWHERE: LegalBasis(Basis(elsewhere), "House rule, as strict as the strictest of the others"),
    }


_INTERESTS = _bases("legitimate-interests", "Art. 6(1)(f), 21", "opt-out", "legitimate-interests")
_CONSENT = _bases("consent", "Art. 6(1)(a), 7", "opt-out", "consent")
_CONTRACT = _bases("contract", "Art. 6(1)(b)", "contract", "contract")

SHIPPED: tuple[Purpose, ...] = (
    Purpose(
        SERVICE,
        1,
        "Doing what was ordered",
        "Fulfil orders and keep the promises of contracts.",
        ("plans by tier", "clocks of promises"),
        False,
        _CONTRACT,
        None,
    ),
    Purpose(
        TIERING,
        1,
        "Value, score and intimacy tier",
        "Say what an account is worth and how close we are, and so what it gets of scarce hours.",
        ("a change of tier", "the weekly tiers"),
        True,
        _INTERESTS,
    ),
    Purpose(
        ACCOUNT_FORECAST,
        1,
        "Forecast of one account",
        "Forecast what one account will need by itself, and reserve hours for it by name.",
        ("forecast by account", "allocation by account"),
        True,
        _INTERESTS,
    ),
    Purpose(
        INSIGHT,
        1,
        "What our people know of an account",
        "Keep what people in the field learned of an account, and let forecasts hear of it.",
        ("insight", "override by insight"),
        True,
        _INTERESTS,
    ),
    Purpose(OUTREACH, 1, "Approaching the customer", "Write or call unasked.", ("outreach",), True, _CONSENT),
    Purpose(SURVEY, 1, "Asking for an opinion", "Send surveys.", ("survey",), True, _CONSENT, 365),
    Purpose(
        TEST_COPY,
        1,
        "Anonymised copies",
        "Make copies for tests that show nobody.",
        ("anonymised copy",),
        False,
        _INTERESTS,
        None,
    ),
)
