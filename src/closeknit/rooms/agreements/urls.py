"""Addresses of agreements' pages and tiles."""

from django.urls import path

from closeknit.rooms.agreements.pages import adherence, chains, clocks, contracts, terms, tolerances

urlpatterns = [
    path("terms/", terms.list_terms, name="term-list"),
    path("tiles/account-terms/", terms.show_account_tile, name="tile-account-terms"),
    path("contracts/", contracts.list_contracts, name="contract-list"),
    path("contracts/new/", contracts.show_draft_form, name="contract-new"),
    path("contracts/draft/", contracts.draft, name="contract-draft"),
    path("contracts/calendars/", contracts.set_hours, name="calendar-set"),
    path("contracts/<uuid:version_id>/", contracts.show_contract, name="contract-detail"),
    path("contracts/<uuid:version_id>/propose/", contracts.propose, name="contract-propose"),
    path("contracts/chains/", chains.list_chains, name="chain-list"),
    path("contracts/chains/set/", chains.put, name="chain-set"),
    path("accounts/<account:account_number>/adherence/", adherence.show_adherence, name="account-adherence"),
    path("accounts/<account:account_number>/adherence/pack/", adherence.issue, name="evidence-issue"),
    path("contracts/tolerances/", tolerances.list_bends, name="bend-list"),
    path("contracts/tolerances/ask/", tolerances.ask, name="bend-ask"),
    path("clocks/", clocks.list_clocks, name="clock-list"),
    path("clocks/work/", clocks.show_work, name="work-clocks"),
    path("clocks/record/", clocks.record, name="work-event-record"),
]
