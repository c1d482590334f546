"""What Fernhill Supply is: tiers, pools, terms and items, as plain tables. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from closeknit.demo.places import REGIONS

GROUP_CURRENCY = "USD"
"""Contracts' credits and pools' costs are kept in the group's currency; order amounts in the region's."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Typical account of a tier; weekly figures are means over the tier."""

    name: str
    share: float
    orders_per_week: float
    lines_per_order: float
    contacts_per_week: float
    equipment_units: float
    units_per_line: float
    sites: tuple[int, int]
    late_share: float
    yearly_churn: float
    discount: float
    patience_minutes: float


TIERS: tuple[Tier, ...] = (
    Tier("strategic", 0.02, 10.0, 4.0, 18.0, 40.0, 24.0, (3, 6), 0.010, 0.02, 0.18, 4.0),
    Tier("key", 0.08, 5.0, 3.0, 9.0, 18.0, 14.0, (2, 4), 0.025, 0.04, 0.12, 5.0),
    Tier("standard", 0.30, 1.8, 2.2, 3.3, 6.0, 8.0, (1, 2), 0.045, 0.07, 0.05, 6.5),
    Tier("volume", 0.60, 0.62, 1.6, 1.1, 2.0, 5.0, (1, 1), 0.060, 0.11, 0.0, 8.0),
)
TIER_NAMES = tuple(tier.name for tier in TIERS)


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool as the company states it, and its true handle time (`true_handle_minutes`, lognormal)."""

    code: str
    name: str
    operation: str
    services: str
    region: str
    site: str
    unit: str
    staffing: str
    handle_minutes: float
    true_handle_minutes: float
    handle_sigma: float
    shrinkage_parts: tuple[str, ...]
    cost_per_hour: str
    overtime_cost_per_hour: str
    overtime_share_max: str
    time_zone: str
    opens_minute: int
    target_load_share: float

    @property
    def available_share(self) -> float:
        """The part of a rostered hour that is worked: the product of one minus each part."""
        share = 1.0
        for part in self.shrinkage_parts:
            share *= 1.0 - float(part)
        return share


_WAGES = {"na": ("24.00", "36.00"), "iberia": ("15.50", "23.25"), "dach": ("26.50", "37.10")}
_CALL_MINUTES = {"na": 8.0, "iberia": 8.6, "dach": 7.4}
_VISIT_MINUTES = {"na": 118.0, "iberia": 105.0, "dach": 97.0}
_PICK_MINUTES = {"na": 12.0, "iberia": 12.5, "dach": 11.5}


def _regional_pools() -> list[Pool]:
    pools = []
    for region in REGIONS:
        wage, overtime = _WAGES[region.short]
        shared = (region.depot_id, region.time_zone)
        pools.append(
            Pool(
                f"picking-{region.short}",
                f"Pickers {region.depot_name.rsplit('depot ')[-1]}",
                "warehouse",
                "picking",
                region.code,
                shared[0],
                "picker",
                "deadline",
                12.0,
                _PICK_MINUTES[region.short],
                0.45,
                ("0.12", "0.06"),
                wage,
                overtime,
                "0.05",
                shared[1],
                7 * 60,
                0.82,
            )
        )
        pools.append(
            Pool(
                f"phone-{region.short}",
                f"Service desk phone {region.code}",
                "service-desk",
                "phone",
                region.code,
                shared[0],
                "agent",
                "interval",
                8.0,
                _CALL_MINUTES[region.short],
                0.70,
                ("0.15", "0.10", "0.05"),
                wage,
                overtime,
                "0.10",
                shared[1],
                8 * 60,
                0.85,
            )
        )
        pools.append(
            Pool(
                f"repair-{region.short}",
                f"Field engineers {region.code}",
                "field-service",
                "repair",
                region.code,
                shared[0],
                "engineer",
                "deadline",
                110.0,
                _VISIT_MINUTES[region.short],
                0.50,
                ("0.12", "0.08"),
                f"{float(wage) * 1.6:.2f}",
                f"{float(overtime) * 1.6:.2f}",
                "0.08",
                shared[1],
                8 * 60,
                0.84,
            )
        )
    return pools


def _email_pool() -> Pool:
    return Pool(
        "email-all",
        "Service desk e-mail",
        "service-desk",
        "email",
        "*",
        "DEP-IB",
        "agent",
        "deadline",
        10.0,
        10.4,
        0.60,
        ("0.15", "0.10"),
        "17.00",
        "25.50",
        "0.10",
        "Europe/Lisbon",
        8 * 60,
        0.83,
    )


POOLS: tuple[Pool, ...] = (*_regional_pools(), _email_pool())
POOL_OF = {pool.code: pool for pool in POOLS}
TIGHT_POOL = "picking-dach"
"""Rostered below its load from the last weeks on, so that a plan made at the end shows a price."""
TIGHT_LOAD_PER_CAPACITY = 1.11

SKILLS = {
    "picker": ("picking", "packing", "forklift", "dangerous-goods", "stocktaking"),
    "agent": ("phone", "email", "returns", "invoicing", "technical-advice"),
    "engineer": ("repair", "hydraulics", "controls", "refrigeration", "installation"),
}

LANGUAGES = {"north-america": "english", "iberia": "portuguese", "dach": "german", "*": "english"}


@dataclass(frozen=True, slots=True)
class TermRule:
    """A tier's default promise in business minutes: 1440 to an open day, none to a closed one."""

    operation: str
    service: str
    measure: str
    threshold_minutes: tuple[str, str, str, str]
    target_share: tuple[str, str, str, str]
    credit_per_miss: tuple[str, str, str, str]


TERM_RULES: tuple[TermRule, ...] = (
    TermRule(
        "warehouse",
        "picking",
        "ship_within",
        ("1440", "1440", "2880", "4320"),
        ("0.98", "0.95", "0.92", "0.90"),
        ("120.00", "60.00", "20.00", "5.00"),
    ),
    TermRule(
        "service-desk",
        "phone",
        "answer_within",
        ("0.25", "0.5", "0.5", "1"),
        ("0.90", "0.85", "0.80", "0.80"),
        ("12.00", "6.00", "2.50", "1.00"),
    ),
    TermRule(
        "service-desk",
        "email",
        "resolve_within",
        ("480", "1440", "1440", "2880"),
        ("0.95", "0.92", "0.90", "0.85"),
        ("15.00", "8.00", "4.00", "2.00"),
    ),
    TermRule(
        "field-service",
        "repair",
        "resolve_within",
        ("1440", "2880", "4320", "7200"),
        ("0.95", "0.92", "0.90", "0.85"),
        ("400.00", "200.00", "80.00", "30.00"),
    ),
)
RULE_OF = {rule.service: rule for rule in TERM_RULES}

ITEM_COUNT = 160
_ITEM_KINDS = (
    "Bearing",
    "Seal kit",
    "Drive belt",
    "Filter",
    "Valve",
    "Sensor",
    "Coupling",
    "Hose",
    "Fastener box",
    "Motor",
    "Gasket",
    "Relay",
    "Pump",
    "Cable drum",
    "Label roll",
    "Carton",
)


def item_codes() -> list[str]:
    """The item codes, most ordered first."""
    return [f"{_ITEM_KINDS[i % len(_ITEM_KINDS)].upper().replace(' ', '-')}-{1000 + 7 * i}" for i in range(ITEM_COUNT)]


EQUIPMENT_MODELS = ("CV200-conveyor", "PL40-palletiser", "CX9-compressor", "RF12-chiller", "WR5-wrapper")
REPAIRS_PER_UNIT_WEEK = 0.05

CONTACT_TOPICS = ("invoice", "product-advice", "return", "technical", "change-order", "account")
CONTACT_TOPIC_SHARES = (0.22, 0.26, 0.12, 0.18, 0.15, 0.07)
TOPIC_STATUS, TOPIC_LATE = "order-status", "late-delivery"
STATUS_CONTACT_SHARE, LATE_CONTACT_SHARE, PHONE_SHARE = 0.10, 0.55, 0.70
RETURN_SHARE_OF_LINES = 0.03

SURVEY_SHARE_OF_CONTACTS, NPS_SHARE_OF_INVITED = 0.03, 0.35
