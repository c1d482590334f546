"""Addresses of demand's pages and tiles."""

from django.urls import path

from closeknit.rooms.demand import pages

urlpatterns = [
    path("demand/", pages.list_runs, name="demand-list"),
    path("demand/<uuid:run_id>/", pages.show_run, name="demand-detail"),
    path("tiles/demand-fan/", pages.show_fan_tile, name="tile-demand-fan"),
    path("tiles/account-demand/", pages.show_account_tile, name="tile-account-demand"),
    path("tiles/thread-demand/", pages.show_thread_tile, name="tile-thread-demand"),
]
