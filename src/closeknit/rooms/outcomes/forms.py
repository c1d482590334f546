"""What people send to the pages of outcomes."""

from django import forms

from closeknit.rooms.customers.contracts import TIER_ORDER


class BoardFilter(forms.Form):
    """Which rows of the board to show, in which order, from which on."""

    search = forms.CharField(required=False, max_length=120)
    tier = forms.ChoiceField(required=False, choices=[("", "any"), *((tier.value, tier.value) for tier in TIER_ORDER)])
    only_short = forms.BooleanField(required=False)
    sort = forms.CharField(required=False, max_length=20)


class Place(forms.Form):
    """From which row on to show."""

    start = forms.IntegerField(required=False, min_value=0, max_value=10_000_000)
