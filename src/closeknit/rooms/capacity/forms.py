"""What people send to the pages of capacity."""

from django import forms


class PlanRequest(forms.Form):
    """Which operation to plan, and how far ahead."""

    operation = forms.CharField(max_length=80)
    weeks = forms.IntegerField(required=False, min_value=1, max_value=26)


class CellChoice(forms.Form):
    """Which pool and week to look into."""

    pool = forms.CharField(max_length=120)
    week = forms.DateField()


class ThreadChoice(forms.Form):
    """Which thread a tile is about."""

    thread = forms.UUIDField()
