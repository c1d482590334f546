"""What people send to the pages of demand."""

from typing import Any

from django import forms

from closeknit.rooms.demand.contracts import (
    MOST_BACKTEST_WEEKS,
    MOST_ORIGINS,
    VALUE_GROUPS,
    AccuracyBy,
    AdjustedPlace,
    AdjustmentKind,
    AssumptionState,
    FindingKind,
    FollowUpKind,
    OverrideReason,
    OverrideState,
    RunPurpose,
    ScorePeriod,
    SharedDetail,
    SharedField,
    SharePeriod,
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


class OverrideFilter(forms.Form):
    """Which overrides to list."""

    operation = forms.CharField(required=False, max_length=80)
    state = forms.ChoiceField(
        required=False, choices=[("", ""), *((state.value, state.value) for state in OverrideState)]
    )
    account = forms.CharField(required=False, max_length=400)
    author = forms.CharField(required=False, max_length=120)


class ChangedPlace(forms.Form):
    """A place of a forecast, by how much it changes, and when."""

    operation = forms.CharField(max_length=80)
    service = forms.CharField(required=False, max_length=200)
    region = forms.CharField(required=False, max_length=200)
    work_class = forms.CharField(required=False, max_length=200)
    tier = forms.CharField(required=False, max_length=200)
    account_number = forms.CharField(required=False, max_length=200)
    kind = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in AdjustmentKind])
    size = forms.FloatField()
    from_on = forms.DateField()
    to_on = forms.DateField()

    def place(self) -> AdjustedPlace:
        """Return the place that was read."""
        data = self.cleaned_data
        return AdjustedPlace(data["service"], data["region"], data["work_class"], data["tier"], data["account_number"])

    def changed(self) -> dict[str, Any]:
        """Return what was read, as the room's actions want it."""
        data = self.cleaned_data
        plain = {name: data[name] for name in ("operation", "size", "from_on", "to_on")}
        return {**plain, "place": self.place(), "kind": AdjustmentKind(data["kind"])}


class OverrideForm(ChangedPlace):
    """An override to make, or to look at before."""

    expires_on = forms.DateField(required=False)
    reason_kind = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in OverrideReason])
    reason = forms.CharField(max_length=2000)
    replan = forms.BooleanField(required=False)


class WithdrawalForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(max_length=2000)
    replan = forms.BooleanField(required=False)


class ValueChoice(forms.Form):
    """By what the value added is told apart."""

    by = forms.ChoiceField(required=False, choices=[(group, group) for group in VALUE_GROUPS])
    operation = forms.CharField(required=False, max_length=80)


class AssumptionFilter(forms.Form):
    """Which assumptions to list."""

    operation = forms.CharField(required=False, max_length=80)
    scenario = forms.CharField(required=False, max_length=80)
    state = forms.ChoiceField(
        required=False, choices=[("", ""), *((state.value, state.value) for state in AssumptionState)]
    )
    account = forms.CharField(required=False, max_length=400)


class AssumptionForm(ChangedPlace):
    """An assumption to record."""

    scenario = forms.CharField(max_length=80)
    statement = forms.CharField(max_length=2000)
    is_peak = forms.BooleanField(required=False)


class ScenarioForm(forms.Form):
    """A scenario to try."""

    operation = forms.CharField(max_length=80)
    scenario = forms.CharField(max_length=80)
    weeks = forms.IntegerField(min_value=1, max_value=26)


class SharingForm(forms.Form):
    """What a partner is to get of a forecast."""

    partner = forms.CharField(max_length=200)
    operation = forms.CharField(max_length=80)
    purpose = forms.CharField(max_length=2000)
    detail = forms.ChoiceField(label="Told apart by", choices=[(d.value, d.value) for d in SharedDetail])
    period = forms.ChoiceField(label="Added up by", choices=[(p.value, p.value) for p in SharePeriod])
    fields_shared = forms.MultipleChoiceField(
        label="Numbers", choices=[(f.value, f.value) for f in SharedField], initial=["mean"]
    )
    from_on = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until_on = forms.DateField(label="Until, not including", widget=forms.DateInput(attrs={"type": "date"}))
    least_accounts = forms.IntegerField(label="Accounts per number, at least", min_value=5, max_value=1000, initial=5)
