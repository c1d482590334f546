"""Addresses of agreements' pages and tiles."""

from django.urls import path

from closeknit.rooms.agreements import pages

urlpatterns = [
    path("terms/", pages.list_terms, name="term-list"),
    path("tiles/account-terms/", pages.show_account_tile, name="tile-account-terms"),
]
