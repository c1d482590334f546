"""Every column that can hold words is named: what an erasure does to it, or why it needs nothing."""

import pytest
from django.apps import apps

from closeknit.web.personal_data import personal_tables

WORDS = {"TextField", "CharField", "JSONField", "BinaryField", "EmailField", "GenericIPAddressField"}

# Words that only sort, count or point: no text about anybody. By the column's name, in every table.
CODES_TEXT = """
    account_number key_hash raw_hash content_hash body_sha256 token_sha256 key_sha256 evidence_sha256 source_sha256
    digest snapshot_digest result_digest table_digest input_digest code_version data_version rule_version policy_version
    table_version recipe_version criteria_version model_version mended_by_version computed_by version
    actor_key person_key owner_key author_key asked_keys handed_back_keys holder_key replaces_key for_key by_key
    kind state outcome level way code collected channel direction measure topic rule reason_kind source_feed feed source
    currency tier region service work_class operation operations product site place unit time_zone jurisdiction
    detail period grains fields services regions columns scopes roles permissions permission department domain field
    month resolution finding follow_up follow_up_id method scenario purpose link cause path system stream
"""
CODES = set(CODES_TEXT.split())
ENDINGS = ("_key", "_keys", "_hash", "_sha256", "_digest", "_version", "_kind")

# Tables that tell of nobody who could ask to be erased, and why. This list is meant to shrink.
NOBODY = {
    "django_content_type": "names of tables",
    "auth_group": "unused",
    "auth_permission": "unused",
    "mfa_authenticator": "secrets of sign-in, which end with the person",
    "account_emailconfirmation": "unused",
    "socialaccount_socialapp": "settings of sign-in",
    "socialaccount_socialtoken": "unused",
    "kernel_session": "ends by itself",
    "procrastinate_events": "states of jobs",
    "procrastinate_periodic_defers": "timers",
    "procrastinate_workers": "timers",
    "decisions_ledger_entry": "encrypted: an erasure destroys its key",
    "decisions_ledger_leaf": "hashes",
    "decisions_ledger_node": "hashes",
    "decisions_ledger_checkpoint": "hashes and signatures",
    "decisions_subject_key": "keys, which an erasure destroys",
    "privacy_purpose_version": "rules",
    "privacy_retention_version": "rules",
    "privacy_gate_verdict": "pseudonyms only",
    "privacy_erasure": "pseudonyms only",
}
# Columns of words that speak of the company's own affairs: rules, reasons, forecasts of totals. Meant to shrink.
OWN_AFFAIRS = {
    "agreements_calendar",
    "agreements_chain",
    "agreements_contract",
    "agreements_contract_version",
    "agreements_setup_template",
    "agreements_term",
    "capacity_closure",
    "capacity_plan",
    "capacity_pool",
    "capacity_pool_week",
    "decisions_duty",
    "decisions_duty_calendar",
    "decisions_duty_swap",
    "decisions_escalation_path",
    "decisions_policy",
    "decisions_webhook_endpoint",
    "org_api_token",
    "org_delegation",
    "org_department_sharing",
    "org_rights_change",
    "org_setting_value",
    "org_stewardship",
    "org_team",
    "sensing_batch",
    "sensing_feed",
}

# Single columns that hold no words about anybody: names of steps, states, rules and numbers. Meant to shrink.
HARMLESS_TEXT = """
    agreements_bend.term_number agreements_need.parameter
    agreements_clock_breach.term_number agreements_clock_breach.work_key
    agreements_clock_warning.term_number agreements_clock_warning.work_key agreements_work_event.work_key
    capacity_quote.asked capacity_quote.now_sentence capacity_quote.proposed_sentence capacity_quote.share_of_tier
    capacity_scenario.name capacity_scenario.preset capacity_scenario.changes capacity_scenario.share_of_tier
    capacity_shortage.outside capacity_staff_move.from_pool capacity_staff_move.to_pool
    capacity_scenario.outcome capacity_quote.told capacity_quote.verdict capacity_quote.margin_reason
    capacity_stock_item.item capacity_stock_item.site capacity_stock_item.told capacity_stock_part.currency
    capacity_stock_part.site capacity_stock_part.told capacity_stock_plan.assumptions capacity_stock_plan.inputs
    capacity_roster.inputs capacity_roster.pool capacity_roster.pool_name capacity_roster.told
    capacity_staff_member.avoids capacity_staff_member.away capacity_staff_member.person
    capacity_staff_member.shift_starts capacity_staff_member.skills capacity_staff_member.wants
    auth_user.password capacity_claim_week.pool capacity_claim_week.term capacity_kept_result.packed
    capacity_pipeline_difference.pool
    capacity_pipeline_difference.pool_name customers_account.merged_into customers_intimacy_criteria.reason
    customers_intimacy_criteria.text customers_merge.absorbed_number customers_merge.kept_number
    customers_record.stated_number customers_record_link.how customers_survivorship.groups customers_survivorship.reason
    customers_tier_table.reason customers_tier_table.text customers_tier_week.says customers_touchpoint.name
    customers_touchpoint.queue customers_touchpoint.stage customers_touchpoint.triage customers_worth_run.models_json
    customers_worth_run.settings_json decisions_dispatch.notice_ids decisions_escalation.body
    decisions_notice_preference.mail decisions_notice_preference.webhook decisions_proposal.escalation
    decisions_proposal.subject decisions_proposal_answer.role demand_backtest_run.failure demand_exception.change
    demand_forecast_piece.archive demand_forecast_piece.of demand_forecast_run.horizon_reason
    demand_forecast_run.kept_digests
    demand_forecast_run.numbers demand_forecast_run.snapshot demand_intraday.came demand_intraday.expected
    demand_scored_run.week_digests demand_sharing_agreement.end_reason demand_sharing_agreement.partner
    kernel_delivery.listener kernel_event.name kernel_job_failure.task org_look.density org_look.theme
    outcomes_board_line.other_amounts outcomes_board_line.team_name
    privacy_consent.basis privacy_consent.controller privacy_consent.language privacy_consent.law
    privacy_consent.policy_url privacy_consent.signal privacy_consent.text_shown privacy_hold.classes
    privacy_refused_use.decision privacy_refused_use.why privacy_request.law procrastinate_jobs.lock
    procrastinate_jobs.queue_name procrastinate_jobs.queueing_lock procrastinate_jobs.status
    procrastinate_jobs.task_name sensing_conflict.target sensing_connector.options sensing_connector.previous_secret
    sensing_connector.secret sensing_connector.watermark sensing_fact.key sensing_message.message_id
    sensing_recipe_version.text sensing_recipe_version.why sensing_sample.source_name sensing_work.key
    socialaccount_socialaccount.provider
"""
HARMLESS = set(HARMLESS_TEXT.split())


def columns() -> list[tuple[str, str]]:
    """Every column that can hold words, by table."""
    return [
        (model._meta.db_table, str(field.column))
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.get_internal_type() in WORDS
    ]


def unnamed() -> list[str]:
    named = {(table.table, column) for table in personal_tables().values() for column in table.columns}
    return sorted(
        f"{table}.{column}"
        for table, column in columns()
        if (table, column) not in named
        and column not in CODES
        and not column.endswith(ENDINGS)
        and table not in NOBODY
        and table not in OWN_AFFAIRS
        and f"{table}.{column}" not in HARMLESS
    )


def test_every_column_of_words_is_named():
    assert unnamed() == [], "say in web/personal_data.py what an erasure does to it"


@pytest.mark.parametrize("table", sorted(NOBODY.keys() | OWN_AFFAIRS))
def test_the_lists_hold_nothing_that_is_gone(table):
    assert table in {model._meta.db_table for model in apps.get_models()} | {"kernel_session"}


def test_every_named_column_is_there():
    there = set(columns())
    for table in personal_tables().values():
        for column in table.columns:
            assert (table.table, column) in there, f"{table.table}.{column} is gone"


def test_red_twin_a_column_that_nobody_named_is_seen(monkeypatch):
    named = personal_tables()
    without = {name: table for name, table in named.items() if table.table != "customers_insight"}
    monkeypatch.setattr("tests.laws.test_personal_data.personal_tables", lambda: without)
    assert "customers_insight.text" in unnamed()
