"""Addresses of decisions' pages and tiles."""

from django.urls import path

from closeknit.rooms.decisions.pages import ledger, proposals

urlpatterns = [
    path("ledger/", ledger.show_ledger, name="ledger"),
    path("ledger/<int:entry_id>/receipt/", ledger.download_receipt, name="ledger-receipt"),
    path("threads/", ledger.show_threads, name="thread-list"),
    path("threads/<uuid:thread_id>/", ledger.show_thread, name="thread-detail"),
    path("proposals/<uuid:proposal_id>/decide/", proposals.decide, name="proposal-decide"),
    path("tiles/inbox/", proposals.show_inbox_tile, name="tile-inbox"),
    path("tiles/proposal/", proposals.show_proposal_tile, name="tile-proposal"),
    path("tiles/account-decisions/", ledger.show_account_tile, name="tile-account-decisions"),
]
