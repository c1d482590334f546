"""Addresses of agreements' pages and tiles."""

from django.urls import path

from closeknit.rooms.agreements.pages import terms

urlpatterns = [
    path("terms/", terms.list_terms, name="term-list"),
    path("tiles/account-terms/", terms.show_account_tile, name="tile-account-terms"),
]
