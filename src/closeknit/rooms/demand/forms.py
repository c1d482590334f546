"""What people send to the pages of demand."""

from django import forms

from closeknit.rooms.demand.contracts import (
    MOST_BACKTEST_WEEKS,
    MOST_ORIGINS,
    AccuracyBy,
    FindingKind,
    FollowUpKind,
    RunPurpose,
    ScorePeriod,
)


class SeriesFilter(forms.Form):
    """Which part of a forecast to draw."""

    service = forms.CharField(required=False, max_length=80)
    region = forms.CharField(required=False, max_length=80)


class BacktestForm(forms.Form):
    """From which past days to forecast."""

    operation = forms.CharField(max_length=80)
    origins = forms.IntegerField(min_value=1, max_value=MOST_ORIGINS)
    every_weeks = forms.IntegerField(min_value=1, max_value=MOST_BACKTEST_WEEKS)
    weeks = forms.IntegerField(min_value=1, max_value=MOST_BACKTEST_WEEKS)


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


class AccuracyChoice(forms.Form):
    """Which scores to show, and by what they are told apart."""

    operation = forms.CharField(required=False, max_length=80)
    by = forms.ChoiceField(required=False, choices=[(group.value, group.value) for group in AccuracyBy])
    period = forms.ChoiceField(required=False, choices=[(period.value, period.value) for period in ScorePeriod])
    purpose = forms.ChoiceField(required=False, choices=[(purpose.value, purpose.value) for purpose in RunPurpose])
    account = forms.CharField(required=False, max_length=400)


class VersionChoice(forms.Form):
    """Which two versions to compare."""

    before = forms.CharField(max_length=2000)
    after = forms.CharField(max_length=2000)


class ExceptionChoice(forms.Form):
    """Which forecast exceptions to list."""

    operation = forms.CharField(required=False, max_length=80)
    state = forms.ChoiceField(required=False, choices=[("open", "open"), ("closed", "closed"), ("any", "any")])
    account = forms.CharField(required=False, max_length=400)
    mine = forms.BooleanField(required=False)


class Finding(forms.Form):
    """Why a week came otherwise than forecast."""

    finding = forms.ChoiceField(
        choices=[(finding.value, finding.value) for finding in FindingKind],
        error_messages={"required": "Say what it was.", "invalid_choice": "That is none of the findings."},
    )
    text = forms.CharField(max_length=2000, error_messages={"required": "Say in words what you found."})
    follow_up = forms.ChoiceField(required=False, choices=[(kind.value, kind.value) for kind in FollowUpKind])
    follow_up_id = forms.CharField(required=False, max_length=200)
