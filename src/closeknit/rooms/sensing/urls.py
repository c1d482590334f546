"""Addresses of sensing's pages and tiles."""

from django.urls import path

from closeknit.rooms.sensing import pages

urlpatterns = [
    path("feeds/", pages.list_feeds, name="feed-list"),
    path("feeds/<str:feed>/", pages.show_feed, name="feed-detail"),
    path("tiles/feeds/", pages.show_today_tile, name="tile-feeds-today"),
]
