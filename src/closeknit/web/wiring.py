"""Who listens to which news: the one table. Read it top to bottom and you have seen every automatic step."""

from closeknit.kernel import events
from closeknit.kernel.events import Listener
from closeknit.kernel.news import Event, WorkRefused
from closeknit.rooms.decisions.contracts.replays import Recompute
from closeknit.rooms.org.contracts.settings import REVIEW_AFTER_DAYS, Setting
from closeknit.rooms.sensing.contracts.lineage import LineagePart

SEAL_EVERY_SECONDS = 0.1
ESCALATIONS_EVERY_SECONDS = 1.0
LOOK_AT_DEADLINES_EVERY_SECONDS = 2.0
NOTICES_EVERY_SECONDS = 1.0
DUTIES_EVERY_SECONDS = 20.0
CLEAR_EVERY_SECONDS = 6 * 3600.0
WORTH_EVERY_SECONDS = 900
INSIGHTS_EVERY_SECONDS = 600.0
INTIMACY_EVERY_SECONDS = 3600.0
PRIVACY_EVERY_SECONDS = 3600.0
CONNECTORS_EVERY_SECONDS = 0.2
FORECAST_EXCEPTIONS_EVERY_SECONDS = 60.0
LOOK_BACKS_EVERY_SECONDS = 600.0
CLOCKS_EVERY_SECONDS = 60.0
RECOVERIES_EVERY_SECONDS = 20.0


def listeners() -> dict[type[Event], tuple[Listener, ...]]:
    """Return the table: event -> listeners, each a function in a room's jobs.py."""
    from closeknit.rooms.agreements import jobs as agreements
    from closeknit.rooms.agreements.contracts import TermsChanged
    from closeknit.rooms.capacity import jobs as capacity
    from closeknit.rooms.capacity.contracts import (
        PipelineDiffered,
        PipelineDifferenceSettled,
        PlanCommitted,
        PlanProposed,
        PlanRejected,
        RecoveryChecked,
        ScenarioSaved,
        ShortageOpened,
        StaffReassigned,
        TermQuoted,
    )
    from closeknit.rooms.capacity.contracts.rosters import (
        RosterProposed,
        RosterPublished,
        RosterRequested,
        StaffStated,
    )
    from closeknit.rooms.customers import jobs as customers
    from closeknit.rooms.customers.contracts import (
        AccountCorrected,
        AccountsMerged,
        AccountsSplit,
        DisputeAnswered,
        FactDisputed,
        InsightEnded,
        InsightRecorded,
        RecordsResolved,
        TierChanged,
        ValuesRefreshed,
    )
    from closeknit.rooms.decisions import jobs as decisions
    from closeknit.rooms.decisions.contracts import (
        DecisionApproved,
        DecisionExpired,
        DecisionRejected,
        DecisionWithdrawn,
        ExceptionExpired,
    )
    from closeknit.rooms.demand import jobs as demand
    from closeknit.rooms.demand.contracts import (
        AssumptionClosed,
        BacktestRequested,
        ForecastExceptionClosed,
        ForecastExceptionsRaised,
        ForecastOverridden,
        ForecastRefreshed,
        ForecastRequested,
        ForecastsScored,
        ForecastTried,
        IntradayRefreshed,
        LookBackDue,
        OverrideEnded,
        OverridesMeasured,
        ScenarioRequested,
    )
    from closeknit.rooms.org.contracts import (
        AbsenceReported,
        DelegationBegan,
        DelegationEnded,
        DepartmentSharingChanged,
        PersonCreated,
        RolesChanged,
        StewardChanged,
        TokenIssued,
        TokenRevoked,
    )
    from closeknit.rooms.org.contracts.settings import SettingChanged, SettingReviewed
    from closeknit.rooms.outcomes import jobs as outcomes
    from closeknit.rooms.privacy.contracts import ConsentRecorded, SubjectErased, UseRefused
    from closeknit.rooms.sensing import jobs as sensing
    from closeknit.rooms.sensing.contracts import DemandObserved, RecipeChanged

    return {
        WorkRefused: (decisions.record_refusal_on_work_refused,),
        PersonCreated: (decisions.record_rights_on_person_created,),
        RolesChanged: (decisions.record_rights_on_roles_changed,),
        DelegationBegan: (decisions.record_delegation_on_began,),
        DelegationEnded: (decisions.record_delegation_on_ended,),
        AbsenceReported: (decisions.record_absence_on_reported,),
        TokenIssued: (decisions.record_token_on_issued,),
        TokenRevoked: (decisions.record_token_on_revoked,),
        StewardChanged: (decisions.record_steward_on_changed,),
        DepartmentSharingChanged: (decisions.record_sharing_on_changed,),
        DemandObserved: (
            customers.adopt_accounts_on_demand_observed,
            agreements.adopt_terms_on_demand_observed,
            capacity.adopt_pools_on_demand_observed,
            capacity.look_at_pipeline_on_demand_observed,
            capacity.size_stock_on_demand_observed,
            demand.score_forecasts_on_demand_observed,
            demand.refresh_intraday_on_demand_observed,
            demand.look_back_on_demand_observed,
            sensing.look_for_conflicts_on_demand_observed,
        ),
        ValuesRefreshed: (),
        RecipeChanged: (sensing.look_for_conflicts_on_recipe_changed,),
        BacktestRequested: (demand.run_backtest_on_requested,),
        ForecastRequested: (demand.refresh_forecast_on_requested,),
        ScenarioRequested: (demand.try_scenario_on_requested,),
        LookBackDue: (demand.look_back_on_due,),
        ForecastOverridden: (),
        OverrideEnded: (),
        OverridesMeasured: (),
        AssumptionClosed: (),
        ForecastRefreshed: (
            capacity.propose_plan_on_forecast_refreshed,
            demand.score_forecasts_on_refreshed,
            demand.refresh_intraday_on_refreshed,
        ),
        IntradayRefreshed: (),
        ForecastTried: (demand.score_forecasts_on_tried,),
        ForecastsScored: (demand.raise_exceptions_on_scored,),
        ForecastExceptionsRaised: (),
        ForecastExceptionClosed: (),
        PlanProposed: (capacity.escalate_on_plan_proposed,),
        PlanRejected: (capacity.escalate_on_plan_rejected,),
        DecisionApproved: (
            capacity.commit_plan_on_decision_approved,
            customers.apply_tier_change_on_decision_approved,
            customers.apply_merge_on_decision_approved,
            agreements.sign_contract_on_decision_approved,
            capacity.reassign_on_decision_approved,
        ),
        DecisionRejected: (
            capacity.reject_plan_on_decision_rejected,
            agreements.turn_down_on_decision_rejected,
            capacity.turn_down_reassignment_on_decision_rejected,
        ),
        DecisionExpired: (
            capacity.reject_plan_on_decision_expired,
            agreements.turn_down_on_decision_expired,
            capacity.turn_down_reassignment_on_decision_expired,
        ),
        DecisionWithdrawn: (
            capacity.reject_plan_on_decision_withdrawn,
            agreements.turn_down_on_decision_withdrawn,
            capacity.turn_down_reassignment_on_decision_withdrawn,
        ),
        TermsChanged: (capacity.replan_on_terms_changed,),
        ExceptionExpired: (),
        ConsentRecorded: (),
        UseRefused: (),
        SubjectErased: (),
        TierChanged: (),
        AccountCorrected: (),
        AccountsMerged: (),
        AccountsSplit: (),
        RecordsResolved: (),
        FactDisputed: (),
        DisputeAnswered: (customers.tell_of_correction_on_dispute_answered,),
        InsightRecorded: (),
        InsightEnded: (),
        PlanCommitted: (
            outcomes.refresh_board_on_plan_committed,
            capacity.escalate_on_plan_committed,
            capacity.look_at_pipeline_on_plan_committed,
            capacity.size_stock_on_plan_committed,
            capacity.answer_recoveries_on_plan_committed,
        ),
        PipelineDiffered: (),
        PipelineDifferenceSettled: (),
        TermQuoted: (),
        ScenarioSaved: (),
        ShortageOpened: (),
        StaffReassigned: (),
        RecoveryChecked: (),
        StaffStated: (),
        RosterRequested: (capacity.make_roster_on_requested,),
        RosterProposed: (),
        RosterPublished: (),
        SettingChanged: (decisions.record_on_setting_changed,),
        SettingReviewed: (decisions.record_on_setting_reviewed,),
    }


def settings() -> tuple[Setting, ...]:
    """Return every setting that a room declares; what is not listed here cannot be set."""
    from closeknit.rooms.agreements import contracts as agreements
    from closeknit.rooms.capacity import contracts as capacity
    from closeknit.rooms.capacity.contracts.rosters import ROSTER_SETTINGS
    from closeknit.rooms.capacity.contracts.stock import STOCK_SETTINGS
    from closeknit.rooms.capacity.contracts.training import TRAINING_SETTINGS
    from closeknit.rooms.customers import contracts as customers
    from closeknit.rooms.decisions.contracts import settings as decisions
    from closeknit.rooms.demand import contracts as demand
    from closeknit.rooms.sensing.contracts import CONFLICT_DUE_HOURS, FRESHNESS_SETTINGS

    return (
        REVIEW_AFTER_DAYS,
        *decisions.SETTINGS,
        *customers.SETTINGS,
        *customers.MATCH_SETTINGS,
        *customers.WORTH_SETTINGS,
        *demand.SETTINGS,
        *demand.HORIZON_SETTINGS,
        *demand.EXCEPTION_SETTINGS,
        demand.ASSUMPTION_TOLERANCE,
        *demand.RESPONSE_SETTINGS,
        *demand.PIPELINE_SETTINGS,
        *capacity.SETTINGS,
        *capacity.DIFFERENCE_SETTINGS,
        *capacity.QUOTE_SETTINGS,
        *capacity.PRICE_SETTINGS,
        *capacity.BUFFER_SETTINGS,
        *capacity.LEVEL_SETTINGS,
        *ROSTER_SETTINGS,
        *STOCK_SETTINGS,
        *TRAINING_SETTINGS,
        *agreements.BEND_SETTINGS,
        *agreements.CLOCK_SETTINGS,
        *agreements.EXPECTATION_SETTINGS,
        *agreements.SETUP_SETTINGS,
        *FRESHNESS_SETTINGS.values(),
        CONFLICT_DUE_HOURS,
    )


def replays() -> dict[str, Recompute]:
    """Return how each kind of ledger line is computed again; `….proposed` lines are judged again without an entry."""
    from closeknit.rooms.capacity.actions.replay_plan import recompute_drafted_line
    from closeknit.rooms.capacity.actions.replay_quote import recompute_quoted_line
    from closeknit.rooms.capacity.actions.replay_roster import recompute_roster_line
    from closeknit.rooms.capacity.actions.replay_stock import recompute_stock_line
    from closeknit.rooms.customers.actions.replay_worth import recompute_scores_line, recompute_values_line
    from closeknit.rooms.demand.actions.refresh_forecast import KINDS
    from closeknit.rooms.demand.actions.replay_forecast import recompute_refreshed_line

    return {
        "plan.drafted": recompute_drafted_line,
        "term.quoted": recompute_quoted_line,
        "roster.drafted": recompute_roster_line,
        "stock.sized": recompute_stock_line,
        **dict.fromkeys(KINDS.values(), recompute_refreshed_line),
        "values.refreshed": recompute_values_line,
        "scores.refreshed": recompute_scores_line,
    }


def lineage() -> dict[str, LineagePart]:
    """Return how things of higher rooms stand in the chain from rows to decisions, in the order they are made."""
    from closeknit.rooms.capacity.reads.lineage import PlanLineage
    from closeknit.rooms.customers.reads.lineage import ValueLineage
    from closeknit.rooms.demand.reads.lineage import ForecastLineage

    return {"values": ValueLineage(), "forecast": ForecastLineage(), "plan": PlanLineage()}


def cards() -> dict[str, type]:
    """Return the contracts with fields that not everybody sees who sees the account, by room and name."""
    from dataclasses import is_dataclass
    from importlib import import_module

    from closeknit.rooms.org.contracts.fields import sensitive_fields

    found: dict[str, type] = {}
    for room in ("decisions", "privacy", "sensing", "customers", "agreements", "demand", "capacity", "outcomes"):
        for name, thing in vars(import_module(f"closeknit.rooms.{room}.contracts")).items():
            if isinstance(thing, type) and is_dataclass(thing) and room in thing.__module__ and sensitive_fields(thing):
                found[f"{room}.{name}"] = thing
    return found


def install() -> None:
    """Hand the table to the kernel, and what its worker keeps up. Called once, when Django is ready."""
    from closeknit.kernel import declared, jobs
    from closeknit.rooms.agreements import jobs as agreements
    from closeknit.rooms.capacity import jobs as capacity
    from closeknit.rooms.customers import jobs as customers
    from closeknit.rooms.customers.contracts import TIER_ORDER
    from closeknit.rooms.customers.reads import find_jurisdictions, find_tier, golden_numbers
    from closeknit.rooms.decisions import jobs as decisions
    from closeknit.rooms.demand import jobs as demand
    from closeknit.rooms.org import reads as org
    from closeknit.rooms.privacy import jobs as privacy
    from closeknit.rooms.privacy.actions.pass_gate import judge_bulk
    from closeknit.rooms.sensing import jobs as sensing
    from closeknit.web.copy_source import gather, list_account_numbers
    from closeknit.web.evidence import evidence_queries
    from closeknit.web.personal_data import personal_tables

    declared.declare("settings", {setting.key: setting for setting in settings()})

    def golden() -> dict[str, str]:
        return golden_numbers(by=org.system_actor(), at=None)

    declared.declare("accounts", {"tier": find_tier, "golden": golden})
    declared.declare("cards", cards())
    declared.declare("tiers", {tier.value: tier for tier in TIER_ORDER})
    declared.declare("duty evidence", evidence_queries())
    declared.declare("replays", replays())
    declared.declare("lineage", lineage())
    declared.declare("subjects", {"account": find_jurisdictions})
    declared.declare("subject lists", {"account": list_account_numbers})
    declared.declare("personal tables", personal_tables())
    declared.declare("copy source", {"gather": gather})
    declared.declare("deletion gate", {"judge": lambda deletion, by: judge_bulk(deletion, by=by or org.system_actor())})
    events.connect(listeners(), org.get_requester)
    jobs.keep_up(decisions.keep_ledger_sealed, every_seconds=SEAL_EVERY_SECONDS)
    jobs.keep_up(decisions.let_time_run_out, every_seconds=LOOK_AT_DEADLINES_EVERY_SECONDS)
    jobs.keep_up(decisions.keep_escalations_moving, every_seconds=ESCALATIONS_EVERY_SECONDS)
    jobs.keep_up(decisions.keep_notices_moving, every_seconds=NOTICES_EVERY_SECONDS)
    jobs.keep_up(decisions.keep_duties, every_seconds=DUTIES_EVERY_SECONDS)
    jobs.keep_up(agreements.keep_watch_on_clocks, every_seconds=CLOCKS_EVERY_SECONDS)
    jobs.keep_up(capacity.keep_recoveries, every_seconds=RECOVERIES_EVERY_SECONDS)
    jobs.keep_up(decisions.clear_old_notices, every_seconds=CLEAR_EVERY_SECONDS)
    jobs.keep_up(sensing.keep_connectors_moving, every_seconds=CONNECTORS_EVERY_SECONDS)
    jobs.keep_up(sensing.forget_old_messages, every_seconds=CLEAR_EVERY_SECONDS)
    jobs.keep_up(privacy.keep_promises_to_subjects, every_seconds=PRIVACY_EVERY_SECONDS)
    jobs.keep_up(customers.keep_intimacy, every_seconds=INTIMACY_EVERY_SECONDS)
    jobs.keep_up(customers.keep_worth, every_seconds=WORTH_EVERY_SECONDS)
    jobs.keep_up(customers.let_insights_expire, every_seconds=INSIGHTS_EVERY_SECONDS)
    jobs.keep_up(demand.keep_forecast_exceptions, every_seconds=FORECAST_EXCEPTIONS_EVERY_SECONDS)
    jobs.keep_up(demand.keep_looking_back, every_seconds=LOOK_BACKS_EVERY_SECONDS)
