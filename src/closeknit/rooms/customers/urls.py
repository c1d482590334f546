"""Addresses of customers' accounts.

Account numbers may hold any character. Plain ones stand in the address as they are; others as "~" and their
UTF-8 in URL-safe base64, so that slashes, dots and percent signs cannot be taken for parts of the address.
"""

import base64
import binascii
import re

from django.urls import path, register_converter

from closeknit.rooms.customers.pages import accounts, insights, intimacy, journey, records, worth

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")


class AccountNumber:
    """An account number as one part of an address."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        if PLAIN.fullmatch(value):
            return value
        if not value.startswith("~"):
            raise ValueError(value)
        try:
            return base64.b64decode(value[1:] + "=" * (-len(value[1:]) % 4), altchars=b"-_", validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as failure:
            raise ValueError(value) from failure

    def to_url(self, value: str) -> str:
        if PLAIN.fullmatch(value):
            return value
        return "~" + base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


register_converter(AccountNumber, "account")

urlpatterns = [
    path("accounts/", accounts.list_accounts, name="account-list"),
    path("accounts/<account:account_number>/", accounts.show_account, name="account-detail"),
    path("accounts/<account:account_number>/tier/", accounts.show_tier_form, name="account-tier"),
    path("accounts/<account:account_number>/tier/propose/", accounts.propose_tier, name="account-tier-propose"),
    path("accounts/<account:account_number>/intimacy/", intimacy.show_intimacy, name="account-intimacy"),
    path("journey/", journey.show_journey, name="journey"),
    path("journey/touchpoints/", journey.put, name="touchpoint-put"),
    path("journey/touchpoints/<uuid:touchpoint_id>/end/", journey.end, name="touchpoint-end"),
    path("intimacy/", intimacy.list_intimacy, name="intimacy-list"),
    path("tiles/account-intimacy/", intimacy.show_intimacy_tile, name="tile-account-intimacy"),
    path("accounts/<account:account_number>/profile/", records.show_profile, name="account-profile"),
    path("accounts/<account:account_number>/merge/", records.propose_merge, name="account-merge"),
    path("accounts/<account:account_number>/wrong/", records.show_wrong_form, name="account-wrong"),
    path("accounts/<account:account_number>/wrong/report/", records.report_wrong, name="account-wrong-report"),
    path("merges/<uuid:merge_id>/split/", records.split, name="merge-split"),
    path("matches/", records.list_matches, name="match-list"),
    path("records/<int:record_id>/give/", records.give_record, name="record-give"),
    path("matches/<uuid:match_id>/", records.show_match, name="match-detail"),
    path("matches/<uuid:match_id>/judge/", records.judge, name="match-judge"),
    path("disputes/", records.list_disputes, name="dispute-list"),
    path("disputes/<uuid:dispute_id>/", records.show_dispute, name="dispute-detail"),
    path("disputes/<uuid:dispute_id>/answer/", records.answer, name="dispute-answer"),
    path("survivorship/", records.show_survivorship, name="survivorship"),
    path("survivorship/set/", records.set_rules, name="survivorship-set"),
    path("values/", worth.list_values, name="value-list"),
    path("values/refresh/", worth.refresh_values, name="value-refresh"),
    path("tiers/", worth.show_tiers, name="tier-week"),
    path("tiers/adopt/", worth.adopt_table, name="tier-table-adopt"),
    path("tiles/account-worth/", worth.show_account_tile, name="tile-account-worth"),
    path("insights/", insights.list_insights, name="insight-list"),
    path("insights/new/", insights.show_insight_form, name="insight-new"),
    path("insights/record/", insights.record, name="insight-record"),
    path("insights/authors/<str:author_key>/", insights.show_author, name="insight-author"),
    path("insights/<uuid:insight_id>/", insights.show_insight, name="insight-detail"),
    path("insights/<uuid:insight_id>/withdraw/", insights.withdraw, name="insight-withdraw"),
    path("insights/<uuid:insight_id>/renew/", insights.renew, name="insight-renew"),
    path("insights/<uuid:insight_id>/settle/", insights.settle, name="insight-settle"),
    path("tiles/account-insights/", insights.show_account_tile, name="tile-account-insights"),
]
