"""What people send to the pages of decisions."""

from django import forms


class LedgerFilter(forms.Form):
    """Which ledger lines to show."""

    account = forms.CharField(required=False, max_length=80)
    kind = forms.CharField(required=False, max_length=60)
    actor = forms.CharField(required=False, max_length=120)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    before = forms.IntegerField(required=False, min_value=1)


class Decision(forms.Form):
    """A person's answer to a proposal."""

    answer = forms.ChoiceField(choices=[("approve", "approve"), ("reject", "reject")])
    reason = forms.CharField(required=False, max_length=2000)
