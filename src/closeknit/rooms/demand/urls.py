"""Addresses of demand's pages and tiles."""

from django.urls import path

from closeknit.rooms.demand.pages import explorer, runs

urlpatterns = [
    path("demand/", runs.list_runs, name="demand-list"),
    path("demand/<uuid:run_id>/", runs.show_run, name="demand-detail"),
    path("demand/<uuid:run_id>/explore/", explorer.explore_run, name="demand-explore"),
    path("demand/<str:operation>/explore/", explorer.explore_operation, name="demand-explore-newest"),
    path("tiles/demand-fan/", runs.show_fan_tile, name="tile-demand-fan"),
    path("tiles/account-demand/", runs.show_account_tile, name="tile-account-demand"),
    path("tiles/thread-demand/", runs.show_thread_tile, name="tile-thread-demand"),
]
