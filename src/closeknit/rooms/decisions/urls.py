"""Addresses of decisions' pages and tiles."""

from django.urls import path

from closeknit.rooms.decisions import pages

urlpatterns = [
    path("ledger/", pages.show_ledger, name="ledger"),
    path("ledger/<int:entry_id>/receipt/", pages.download_receipt, name="ledger-receipt"),
    path("threads/", pages.show_threads, name="thread-list"),
    path("threads/<uuid:thread_id>/", pages.show_thread, name="thread-detail"),
    path("proposals/<uuid:proposal_id>/decide/", pages.decide, name="proposal-decide"),
    path("tiles/inbox/", pages.show_inbox_tile, name="tile-inbox"),
    path("tiles/proposal/", pages.show_proposal_tile, name="tile-proposal"),
    path("tiles/account-decisions/", pages.show_account_tile, name="tile-account-decisions"),
]
