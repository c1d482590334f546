"""What people send to the pages of sensing."""

from django import forms


class FeedFilter(forms.Form):
    """Which feeds to show."""

    search = forms.CharField(required=False, max_length=200)
    needing = forms.BooleanField(required=False)


class QuarantineFilter(forms.Form):
    """Which refused rows to show."""

    before = forms.IntegerField(required=False, min_value=1)
    code = forms.CharField(required=False, max_length=60)
    settled = forms.BooleanField(required=False)


class NewHookForm(forms.Form):
    """A stream that others send to."""

    stream = forms.CharField(max_length=80)
    rows_at = forms.CharField(required=False, max_length=200)


class NewPullForm(forms.Form):
    """A stream that a database is asked for."""

    stream = forms.CharField(max_length=80)
    source = forms.CharField(max_length=40)
    query = forms.CharField(max_length=20_000)
    watermark_column = forms.CharField(max_length=80)
    first_watermark = forms.CharField(max_length=80)
    every_seconds = forms.IntegerField(min_value=0, max_value=30 * 24 * 3600)
    overlap_seconds = forms.IntegerField(min_value=0, max_value=30 * 24 * 3600)


class NewSubjectForm(forms.Form):
    """A stream that a broker hands on."""

    stream = forms.CharField(max_length=80)
    subject = forms.CharField(max_length=200)
    broker_stream = forms.CharField(max_length=80)
    rows_at = forms.CharField(required=False, max_length=200)


class ConnectorReason(forms.Form):
    """Why a connector is closed."""

    reason = forms.CharField(max_length=500)


class RuleForm(forms.Form):
    """Which feed of a conflict follows the other one, from which version of its recipe on, and why."""

    feed = forms.CharField(max_length=80)
    seen_version = forms.CharField(required=False, max_length=12)
    why = forms.CharField(max_length=500)


class WhyForm(forms.Form):
    """A reason, and nothing else."""

    why = forms.CharField(max_length=500)


class AlikeForm(WhyForm):
    """One replacement for all waiting rows of a code."""

    code = forms.CharField(max_length=60)
    column = forms.CharField(required=False, max_length=200)
    was = forms.CharField(required=False, max_length=2000, strip=False)
    to = forms.CharField(required=False, max_length=2000, strip=False)


class RecipeForm(forms.Form):
    """A recipe's text, on top of which version it was written, and why."""

    text = forms.CharField(max_length=200_000, strip=False)
    seen_version = forms.CharField(required=False, max_length=12)
    why = forms.CharField(required=False, max_length=500)


class BatchAskedForm(forms.Form):
    """Which load."""

    batch = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class RowAskedForm(forms.Form):
    """Which row of which load."""

    batch = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    line = forms.IntegerField(min_value=0, max_value=2**63 - 1)
    file = forms.IntegerField(required=False, min_value=0, max_value=32767)
