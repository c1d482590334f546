"""Addresses of capacity's pages and tiles."""

from django.urls import path

from closeknit.rooms.capacity import tiles
from closeknit.rooms.capacity.pages import differences, plans, quotes, rosters, scenarios, shortage

urlpatterns = [
    path("plans/", plans.list_plans, name="plan-list"),
    path("plans/start/", plans.start, name="plan-start"),
    path("plans/progress/<uuid:thread_id>/", plans.show_progress, name="plan-progress"),
    path("plans/<uuid:plan_id>/", plans.show_plan, name="plan-detail"),
    path("plans/<uuid:plan_id>/cells/", plans.show_cells, name="plan-cells"),
    path("plans/differences/", differences.list_differences, name="difference-list"),
    path("plans/differences/<uuid:difference_id>/", differences.show_difference, name="difference-detail"),
    path("plans/differences/<uuid:difference_id>/assign/", differences.assign, name="difference-assign"),
    path("plans/differences/<uuid:difference_id>/settle/", differences.settle, name="difference-settle"),
    path("tiles/pipeline-differences/", differences.show_tile, name="tile-pipeline-differences"),
    path("quotes/", quotes.list_quotes, name="quote-list"),
    path("quotes/make/", quotes.make, name="quote-make"),
    path("quotes/request/", quotes.show_request, name="request-price"),
    path("quotes/<uuid:quote_id>/", quotes.show_quote, name="quote-detail"),
    path("quotes/<uuid:quote_id>/propose/", quotes.propose, name="quote-propose"),
    path("plans/scenarios/", scenarios.list_scenarios, name="scenario-list"),
    path("plans/scenarios/save/", scenarios.save, name="scenario-save"),
    path("plans/scenarios/compare/", scenarios.compare, name="scenario-compare"),
    path("shortages/", shortage.list_shortages, name="shortage-list"),
    path("shortages/open/", shortage.open_one, name="shortage-open"),
    path("shortages/<uuid:shortage_id>/", shortage.show_shortage, name="shortage-detail"),
    path("shortages/<uuid:shortage_id>/propose/", shortage.propose, name="shortage-propose"),
    path("rosters/", rosters.list_rosters, name="roster-list"),
    path("rosters/start/", rosters.start, name="roster-start"),
    path("rosters/staff/", rosters.state_staff, name="roster-staff"),
    path("rosters/progress/<uuid:thread_id>/", rosters.show_progress, name="roster-progress"),
    path("rosters/<uuid:roster_id>/", rosters.show_roster, name="roster-detail"),
    path("rosters/<uuid:roster_id>/publish/", rosters.publish, name="roster-publish"),
    path("staffing/", plans.show_staffing, name="staffing"),
    path("staffing/intervals/", plans.staff_intervals, name="staffing-intervals"),
    path("tiles/staffing-verified/", tiles.show_verified, name="tile-staffing-verified"),
    path("tiles/plans/", tiles.show_today, name="tile-plans-today"),
    path("tiles/need-today/", tiles.show_need_today, name="tile-need-today"),
    path("tiles/account-capacity/", tiles.show_account, name="tile-account-capacity"),
    path("tiles/thread-plans/", tiles.show_thread, name="tile-thread-plans"),
    path("tiles/plan-progress/<uuid:thread_id>/", tiles.show_progress, name="tile-plan-progress"),
]
