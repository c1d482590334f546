"""Addresses of outcomes' pages."""

from django.urls import path

from closeknit.rooms.outcomes import pages

urlpatterns = [path("board/", pages.show_board, name="board")]
