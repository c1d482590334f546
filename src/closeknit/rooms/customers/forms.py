"""What people send to the pages of customers."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django import forms

from closeknit.kernel import arguments
from closeknit.rooms.customers.contracts import (
    DISPUTABLE_FIELDS,
    TIER_ORDER,
    InsightDirection,
    InsightMeasure,
    InsightState,
    InsightTopic,
)


def _choices(words: type[StrEnum]) -> list[tuple[str, str]]:
    return [(word.value, word.value.replace("-", " ")) for word in words]


class ReadField(forms.CharField):
    """A number as people write it, such as 30%, 0.3 or 120."""

    def __init__(self, read: Callable[[str], Any], **options: Any) -> None:
        super().__init__(max_length=40, **options)
        self.read = read

    def clean(self, value: Any) -> float | None:
        """Return the number, or refuse with what would be taken."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return float(self.read(text))
        except (ArgumentTypeError, ValueError, ZeroDivisionError) as failure:
            raise forms.ValidationError(str(failure)) from None


def share_or_number(text: str) -> float:
    """Read 30%, 0.3, 250% or 120."""
    plain = text.strip()
    return arguments.number(plain[:-1].strip()) / 100 if plain.endswith("%") else arguments.number(plain)


class NewInsight(forms.Form):
    """What somebody knows of an account."""

    account_number = forms.CharField(max_length=400)
    topic = forms.ChoiceField(choices=_choices(InsightTopic))
    direction = forms.ChoiceField(choices=[("up", "more work"), ("down", "less work")])
    size = ReadField(share_or_number)
    measure = forms.ChoiceField(choices=[("share", "share of its usual work"), ("units-per-week", "units a week")])
    probability = ReadField(arguments.share)
    from_on = forms.DateField()
    to_on = forms.DateField()
    expires_on = forms.DateField(required=False)
    service = forms.CharField(required=False, max_length=80)
    region = forms.CharField(required=False, max_length=120)
    text = forms.CharField(required=False, max_length=2000)
    is_sensitive = forms.BooleanField(required=False)
    sensitive_reason = forms.CharField(required=False, max_length=2000)

    def clean(self) -> dict[str, Any]:
        """Return the words as the room's own."""
        data: dict[str, Any] = super().clean() or {}
        kinds: dict[str, type[StrEnum]] = {
            "topic": InsightTopic,
            "direction": InsightDirection,
            "measure": InsightMeasure,
        }
        return {name: kinds[name](value) if name in kinds else value for name, value in data.items()}


class InsightWithdrawal(forms.Form):
    """Why an insight is taken back."""

    reason = forms.CharField(max_length=2000)


class InsightRenewal(forms.Form):
    """Why an insight still holds, and until when it counts (empty: to its own end)."""

    reason = forms.CharField(max_length=2000)
    expires_on = forms.DateField(required=False)


class InsightOutcome(forms.Form):
    """What came of an insight."""

    happened = ReadField(arguments.share)
    actual_size = ReadField(share_or_number, required=False)
    reason = forms.CharField(max_length=2000)


class InsightFilter(forms.Form):
    """Which insights to show."""

    account = forms.CharField(required=False, max_length=400)
    state = forms.ChoiceField(required=False, choices=[("", "any"), *_choices(InsightState)])
    author = forms.CharField(required=False, max_length=80)


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


class ProfileDay(forms.Form):
    """As of the end of which day to show an account."""

    on = forms.DateField(required=False)


class Reason(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=2000)


class MergeWanted(Reason):
    """Which account is another name of this one, and how we know."""

    absorbed_number = forms.CharField(max_length=400)


class RecordOwner(Reason):
    """Which of our accounts a record is of, and how we know."""

    account_number = forms.CharField(max_length=400)


class MatchVerdict(Reason):
    """Whether two records are one account."""

    verdict = forms.ChoiceField(choices=[("one", "one account"), ("two", "two")])


class RulesText(Reason):
    """Which source's word counts, as YAML."""

    text = forms.CharField(max_length=20_000)


class WrongFact(forms.Form):
    """What is wrong, and what would be right."""

    field = forms.ChoiceField(choices=[(name, name.replace("_", " ")) for name in DISPUTABLE_FIELDS])
    text = forms.CharField(max_length=2000)
    suggested = forms.CharField(required=False, max_length=400)


class DisputeAnswer(forms.Form):
    """The steward's answer."""

    verdict = forms.ChoiceField(choices=[("corrected", "it was wrong"), ("stands", "it stands")])
    corrected = forms.CharField(required=False, max_length=400)
    answer = forms.CharField(max_length=2000)


class DayChoice(forms.Form):
    """As of which day."""

    on = forms.DateField(required=False)
