"""What customers will do (buy again, renew, stay), and what that is worth.

Without a contract
- `purchase_histories`: days of purchases as histories (frequency, recency, age, mean spend).
- `fit_purchases` (BG/NBD, MBG/NBD), `expected_purchases`, `expected_purchases_ahead`, `purchase_count_chances`,
  `chance_alive`; `purchase_model` takes published parameters; `draw_histories` makes customers to try a fit on.
- `fit_spend` (gamma-gamma), `expected_spend`; `purchase_value`: value ahead per customer, with quantiles.
- `fit_occasions` (BG/BB), `expected_occasions`, `expected_occasions_ahead`, `chance_alive_at_occasion`,
  `discounted_occasions_ahead`: who can buy or give once an occasion.

Under contract
- `fit_retention`, `fit_retention_by_age` (sBG, BdW), `retention_survival`, `retention_rate`,
  `expected_payments_ahead`, `discounted_residual_lifetime`; `stay_value`: margin times stay, with quantiles.

Without any law
- `kaplan_meier`, `log_rank`.
- `share_interval`: what a counted share says of the one behind it.
- `falling_fit`, `satisfaction_limit`: how satisfaction falls with the time given, and where it falls too low.
"""

from closeknit.engine.customers.expectations import FallingFit, SatisfactionLimit, falling_fit, satisfaction_limit
from closeknit.engine.customers.fitting import Estimate
from closeknit.engine.customers.histories import PurchaseHistories, purchase_histories
from closeknit.engine.customers.occasions import (
    OccasionModel,
    chance_alive_at_occasion,
    discounted_occasions_ahead,
    expected_occasions,
    expected_occasions_ahead,
    fit_occasions,
    occasion_model,
)
from closeknit.engine.customers.purchases import (
    PurchaseModel,
    chance_alive,
    draw_histories,
    expected_purchases,
    expected_purchases_ahead,
    fit_purchases,
    purchase_count_chances,
    purchase_model,
)
from closeknit.engine.customers.retention import (
    RetentionModel,
    discounted_residual_lifetime,
    expected_payments_ahead,
    fit_retention,
    fit_retention_by_age,
    retention_model,
    retention_rate,
    retention_survival,
)
from closeknit.engine.customers.shares import ShareInterval, share_interval
from closeknit.engine.customers.spend import SpendModel, expected_spend, fit_spend, spend_model
from closeknit.engine.customers.stay import StayValue, stay_value
from closeknit.engine.customers.survival import LogRank, SurvivalCurve, kaplan_meier, log_rank
from closeknit.engine.customers.value import PurchaseValue, purchase_value

__all__ = [
    "Estimate",
    "FallingFit",
    "LogRank",
    "OccasionModel",
    "PurchaseHistories",
    "PurchaseModel",
    "PurchaseValue",
    "RetentionModel",
    "SatisfactionLimit",
    "ShareInterval",
    "SpendModel",
    "StayValue",
    "SurvivalCurve",
    "chance_alive",
    "chance_alive_at_occasion",
    "discounted_occasions_ahead",
    "discounted_residual_lifetime",
    "draw_histories",
    "expected_occasions",
    "expected_occasions_ahead",
    "expected_payments_ahead",
    "expected_purchases",
    "expected_purchases_ahead",
    "expected_spend",
    "falling_fit",
    "fit_occasions",
    "fit_purchases",
    "fit_retention",
    "fit_retention_by_age",
    "fit_spend",
    "kaplan_meier",
    "log_rank",
    "occasion_model",
    "purchase_count_chances",
    "purchase_histories",
    "purchase_model",
    "purchase_value",
    "retention_model",
    "retention_rate",
    "retention_survival",
    "satisfaction_limit",
    "share_interval",
    "spend_model",
    "stay_value",
]
