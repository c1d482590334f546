"""Addresses of capacity's pages and tiles."""

from django.urls import path

from closeknit.rooms.capacity import pages, tiles

urlpatterns = [
    path("plans/", pages.list_plans, name="plan-list"),
    path("plans/start/", pages.start, name="plan-start"),
    path("plans/progress/<uuid:thread_id>/", pages.show_progress, name="plan-progress"),
    path("plans/<uuid:plan_id>/", pages.show_plan, name="plan-detail"),
    path("plans/<uuid:plan_id>/cells/", pages.show_cells, name="plan-cells"),
    path("staffing/", pages.show_staffing, name="staffing"),
    path("staffing/intervals/", pages.staff_intervals, name="staffing-intervals"),
    path("tiles/staffing-verified/", tiles.show_verified, name="tile-staffing-verified"),
    path("tiles/plans/", tiles.show_today, name="tile-plans-today"),
    path("tiles/account-capacity/", tiles.show_account, name="tile-account-capacity"),
    path("tiles/thread-plans/", tiles.show_thread, name="tile-thread-plans"),
    path("tiles/plan-progress/<uuid:thread_id>/", tiles.show_progress, name="tile-plan-progress"),
]
