"""What people send to the pages of demand."""

from django import forms


class SeriesFilter(forms.Form):
    """Which part of a forecast to draw."""

    service = forms.CharField(required=False, max_length=80)
    region = forms.CharField(required=False, max_length=80)


class RunChoice(forms.Form):
    """Which forecast a tile is about."""

    run = forms.UUIDField()


class ThreadChoice(forms.Form):
    """Which thread a tile is about."""

    thread = forms.UUIDField()


class BranchChoice(forms.Form):
    """Which part of a forecast the explorer shows."""

    service = forms.CharField(required=False, max_length=80)
    region = forms.CharField(required=False, max_length=80)
    tier = forms.CharField(required=False, max_length=40)
    account_number = forms.CharField(required=False, max_length=80)
