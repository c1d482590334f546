"""Known answers of stock at one site, supply risk and reservation: case id -> what computes its fields."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from closeknit.engine import inventory as inv

Answer = dict[str, Any]


def number(value: Any) -> float:
    return float(Fraction(value)) if isinstance(value, str) else float(value)


def plain(got: Any, **fields: str) -> Answer:
    """The result's named fields under the case's names."""
    return {name: getattr(got, field).tolist() for name, field in fields.items()}


def eoq(given: Answer) -> Answer:
    got = inv.economic_order_quantity(given["K"], given["h"], given["demand_rate"], given.get("Q"))
    return plain(got, Q="order_quantity", cost="cost_per_period")


def discount(function: Callable[..., inv.DiscountLotSize]) -> Callable[[Answer], Answer]:
    def answer(given: Answer) -> Answer:
        got = function(
            given["K"], given["holding_rate"], given["demand_rate"], given["breakpoints"], given["unit_costs"]
        )
        return {"Q": got.order_quantity, "region": got.region, "cost": got.cost_per_period}

    return answer


def wagner_whitin(given: Answer) -> Answer:
    got = inv.wagner_whitin(given["demand"], given["K"], given["h"], given.get("purchase_cost", 0.0))
    return {"order": got.order_quantity.tolist(), "cost": got.cost}


def newsvendor(given: Answer) -> Answer:
    if "mu_log" in given:
        demand: inv.Demand = inv.LognormalDemand.of(given["mu_log"], given["sigma_log"])
    elif "pmf" in given:
        demand = inv.DiscreteDemand.of([float(x) for x in given["pmf"]], list(given["pmf"].values()))
    elif "sd" in given:
        demand = inv.NormalDemand.of(given["mean"], given["sd"])
    else:
        demand = inv.PoissonDemand.of(given["mean"])
    if "revenue" in given:
        extra = (given.get("salvage", 0.0), given.get("h", 0.0), given.get("p", 0.0))
        earned = inv.newsvendor_profit(demand, given["revenue"], given["cost"], *extra, given.get("S"))
        return plain(earned, S="level", profit="expected_profit")
    lead = number(given.get("lead_time", 0))
    review = number(given.get("review", 1))
    got = inv.base_stock(demand, given["h"], given["p"], lead, review_periods=review, level=given.get("S"))
    return plain(got, S="level", cost="expected_cost")


def lead_demand(given: Answer) -> inv.Demand:
    lead = number(given["lead_time"])
    one = inv.NormalDemand.of(given["mean"], given["sd"]) if "sd" in given else inv.PoissonDemand.of(given["mean"])
    return one.over(lead)


def r_q(method: str) -> Callable[[Answer], Answer]:
    def answer(given: Answer) -> Answer:
        costs = (lead_demand(given), given["mean"], given["K"], given["h"], given["p"])
        if method == "cost":
            return {"cost": inv.r_q_cost(given["r"], given["Q"], *costs).tolist()}
        if method == "exact":
            got = inv.r_q_optimal(*costs)
        else:
            got = inv.r_q_approximation(*costs, method=method)
        return plain(got, r="reorder_point", Q="order_quantity", cost="approximate_cost")

    return answer


def s_s(given: Answer) -> Answer:
    got = inv.s_s_optimal(inv.PoissonDemand.of(given["mean"]), given["K"], given["h"], given["p"])
    return plain(got, s="reorder_point", S="order_up_to", cost="expected_cost")


def policy(given: Answer) -> Answer:
    """Mean, spread and lead time in days or weeks; whichever of point, service and fill rate is given decides."""
    unit = "day" if "mean_day" in given else "week"
    mean, sd, lead = given[f"mean_{unit}"], given[f"sd_{unit}"], given[f"lead_{unit}s"]
    rest = {"lead_sd_periods": given.get(f"sd_lead_{unit}s", 0.0), "order_quantity": given.get("lot")}
    if "rop" in given:
        got = inv.evaluate_reorder_point(given["rop"], mean, sd, lead, **rest)
    elif "csl" in given:
        got = inv.safety_stock_for_cycle_service(mean, sd, lead, given["csl"], **rest)
    else:
        got = inv.safety_stock_for_fill_rate(mean, sd, lead, given["fill_rate"], **rest)
    return plain(
        got,
        safety_stock="safety_stock",
        sigma_L="risk_sd",
        csl="cycle_service_share",
        esc="expected_short_per_cycle",
        fill_rate="fill_share",
        avg_inventory="mean_stock",
        flow_weeks="flow_periods",
    )


def pooling(given: Answer) -> Answer:
    got = inv.pooled_safety_stock([given["sd_each"]] * given["accounts"], given["lead"], given["csl"])
    return plain(got, separate="separate", pooled="pooled")


def additive_yield(given: Answer) -> Answer:
    got = inv.eoq_with_additive_yield(
        given["K"], given["h"], given["demand_rate"], given["yield_mean"], given["yield_sd"], given.get("Q")
    )
    return plain(got, Q="order_quantity", cost="cost_per_period")


def protection(function: Callable[..., inv.ProtectionLevels]) -> Callable[[Answer], Answer]:
    def answer(given: Answer) -> Answer:
        return {"protect": function(given["value"], given["mean"], given["sd"]).protection.tolist()}

    return answer


def two_classes(given: Answer) -> Answer:
    got = inv.littlewood(*given["value"], inv.NormalDemand.of(given["mean_high"], given["sd_high"]))
    return {"protect": float(got.protection[0])}


ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "eoq_ex3_1": eoq,
    "eoq_ex3_1_at250": eoq,
    "eoq_pr3_1": eoq,
    "eoq_allunits_ex3_6": discount(inv.eoq_with_all_units_discounts),
    "ww_pr3_27": wagner_whitin,
    "ww_pr3_29": wagner_whitin,
    "ww_purchase": wagner_whitin,
    "nv_ex4_3": newsvendor,
    "nv_pr4_1": newsvendor,
    "nv_readme": newsvendor,
    "nv_ex4_3_at40": newsvendor,
    "nv_ex4_4_L4": newsvendor,
    "nvp_ex4_7": newsvendor,
    "nvp_pr4_8a": newsvendor,
    "nv_lognormal_pr4_8b": newsvendor,
    "nv_profit_ex4_2": newsvendor,
    "nv_profit_pr4_3b_hp": newsvendor,
    "rq_ex5_1_cost": r_q("cost"),
    "rq_ex5_1_opt": r_q("exact"),
    "rq_eil_pr5_1a": r_q("eil"),
    "rq_eoqb_ex5_4": r_q("eoqb"),
    "rq_loss_ex5_6": r_q("loss"),
    "rqp_ex5_8": r_q("exact"),
    "rqp_pr5_2": r_q("exact"),
    "sS_pr4_31": s_s,
    "ss_cm_12_1": policy,
    "ss_cm_csl": policy,
    "ss_cm_fill": policy,
    "ss_cm_csl90": policy,
    "ss_cm_fr975": policy,
    "ss_cm_leadtime_var": policy,
    "ss_hp_11_4": policy,
    "ss_pool_sqrt": pooling,
    "eoq_yield_ex9_4": additive_yield,
    "emsr_a_wollmer": protection(inv.emsr_a),
    "littlewood_2class": two_classes,
}
