"""Addresses of demand's pages and tiles."""

from django.urls import path

from closeknit.rooms.demand.pages import accuracy, backtests, changes, exceptions, explorer, intraday, pipeline, runs

urlpatterns = [
    path("demand/pipeline/", pipeline.show_pipeline, name="demand-pipeline"),
    path("demand/accuracy/", accuracy.show_accuracy, name="forecast-accuracy"),
    path("demand/changes/", changes.show_changes, name="demand-changes"),
    path("demand/exceptions/", exceptions.list_exceptions, name="forecast-exception-list"),
    path("demand/exceptions/<uuid:exception_id>/", exceptions.show_exception, name="forecast-exception-detail"),
    path("demand/exceptions/<uuid:exception_id>/close/", exceptions.close, name="forecast-exception-close"),
    path("demand/exceptions/<uuid:exception_id>/reopen/", exceptions.reopen, name="forecast-exception-reopen"),
    path("demand/exceptions/<uuid:exception_id>/assign/", exceptions.assign, name="forecast-exception-assign"),
    path("demand/exceptions/<uuid:exception_id>/comment/", exceptions.comment, name="forecast-exception-comment"),
    path("tiles/forecast-exceptions/", exceptions.show_tile, name="tile-forecast-exceptions"),
    path("demand/backtests/start/", backtests.start_backtest, name="backtest-start"),
    path("demand/backtests/<uuid:backtest_id>/", backtests.show_backtest, name="backtest-detail"),
    path("demand/backtests/<uuid:backtest_id>/stop/", backtests.stop, name="backtest-stop"),
    path("tiles/backtest/<uuid:backtest_id>/", backtests.show_backtest_tile, name="tile-backtest"),
    path("demand/<uuid:run_id>/replay/", backtests.show_replay, name="demand-replay"),
    path("demand/", runs.list_runs, name="demand-list"),
    path("demand/<uuid:run_id>/", runs.show_run, name="demand-detail"),
    path("demand/<uuid:run_id>/explore/", explorer.explore_run, name="demand-explore"),
    path("demand/explore/<str:operation>/", explorer.explore_operation, name="demand-explore-newest"),
    path("demand/<str:operation>/today/", intraday.show_today, name="demand-today"),
    path("tiles/demand-today/", intraday.show_today_tile, name="tile-demand-today"),
    path("tiles/demand-fan/", runs.show_fan_tile, name="tile-demand-fan"),
    path("tiles/account-demand/", runs.show_account_tile, name="tile-account-demand"),
    path("tiles/thread-demand/", runs.show_thread_tile, name="tile-thread-demand"),
]
