"""Addresses of sensing's pages and tiles."""

from django.urls import path

from closeknit.rooms.sensing.pages import feeds

urlpatterns = [
    path("feeds/", feeds.list_feeds, name="feed-list"),
    path("feeds/<str:feed>/", feeds.show_feed, name="feed-detail"),
    path("tiles/feeds/", feeds.show_today_tile, name="tile-feeds-today"),
]
