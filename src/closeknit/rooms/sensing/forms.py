"""What people send to the pages of sensing."""

from django import forms


class QuarantineFilter(forms.Form):
    """Which refused rows to show."""

    before = forms.IntegerField(required=False, min_value=1)
