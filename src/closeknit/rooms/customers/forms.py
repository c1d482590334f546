"""What people send to the pages of customers."""

from django import forms

from closeknit.rooms.customers.contracts import TIER_ORDER


class TierChange(forms.Form):
    """Another tier for an account, and why."""

    tier = forms.ChoiceField(choices=[(tier.value, tier.value) for tier in TIER_ORDER])
    reason = forms.CharField(max_length=2000)


class AccountFilter(forms.Form):
    """Which accounts to show."""

    search = forms.CharField(required=False, max_length=120)
    tier = forms.ChoiceField(required=False, choices=[("", "any"), *((tier.value, tier.value) for tier in TIER_ORDER)])
    team = forms.CharField(required=False, max_length=120)
    after = forms.CharField(required=False, max_length=80, strip=False)
