"""Addresses of sensing's pages and tiles."""

from django.urls import path

from closeknit.rooms.sensing.pages import conflicts, connectors, feeds, lineage, quarantine, recipes, uploads

urlpatterns = [
    path("feeds/", feeds.list_feeds, name="feed-list"),
    path("feeds/<str:feed>/", feeds.show_feed, name="feed-detail"),
    path("feeds/<str:feed>/connectors/", connectors.show_connectors, name="feed-connectors"),
    path("feeds/<str:feed>/connectors/<str:kind>/", connectors.open_one, name="connector-open"),
    path("connectors/<uuid:connector_id>/secret/", connectors.change_secret, name="connector-secret"),
    path("connectors/<uuid:connector_id>/pull/", connectors.pull_now, name="connector-pull"),
    path("connectors/<uuid:connector_id>/close/", connectors.close, name="connector-close"),
    path("feeds/<str:feed>/quarantine/", quarantine.list_quarantined, name="quarantine-list"),
    path("feeds/<str:feed>/quarantine/mend-alike/", quarantine.mend_many, name="quarantine-mend-alike"),
    path("feeds/<str:feed>/quarantine/<int:row_id>/", quarantine.show_row, name="quarantine-row"),
    path("feeds/<str:feed>/quarantine/<int:row_id>/mend/", quarantine.mend, name="quarantine-mend"),
    path("feeds/<str:feed>/quarantine/<int:row_id>/set-aside/", quarantine.set_aside, name="quarantine-set-aside"),
    path("feeds/<str:feed>/recipe/", recipes.show_recipe, name="recipe-detail"),
    path("feeds/<str:feed>/recipe/try/", recipes.try_recipe, name="recipe-try"),
    path("feeds/<str:feed>/recipe/save/", recipes.save, name="recipe-save"),
    path("feeds/<str:feed>/upload/", uploads.show_upload, name="feed-upload"),
    path("feeds/<str:feed>/upload/try/", uploads.try_upload, name="feed-upload-try"),
    path("feeds/<str:feed>/upload/load/", uploads.load_upload, name="feed-upload-load"),
    path("feed-conflicts/", conflicts.list_conflicts, name="conflict-list"),
    path("feed-conflicts/compare/", conflicts.compare, name="conflict-compare"),
    path("feed-conflicts/<uuid:conflict_id>/", conflicts.show_conflict, name="conflict-detail"),
    path("feed-conflicts/<uuid:conflict_id>/apply/", conflicts.apply_one, name="conflict-apply"),
    path("feed-conflicts/<uuid:conflict_id>/settle/", conflicts.settle, name="conflict-settle"),
    path("lineage/<str:kind>/<uuid:node_id>/", lineage.show_back, name="lineage-back"),
    path("feeds/<str:feed>/lineage/", lineage.show_forward, name="lineage-forward"),
    path("tiles/feeds/", feeds.show_today_tile, name="tile-feeds-today"),
]
