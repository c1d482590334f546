"""What people send to the pages of agreements."""

from django import forms


class TermFilter(forms.Form):
    """Which terms to show."""

    operation = forms.CharField(required=False, max_length=80)
    account = forms.CharField(required=False, max_length=80, strip=False)
    on = forms.DateField(required=False)
    after = forms.CharField(required=False, max_length=120, strip=False)
