"""What people send to the pages of agreements."""

from collections.abc import Iterable
from enum import StrEnum

from django import forms

from closeknit.rooms.agreements.contracts import Clock, ClockState, ContractState, Measure, WorkEventKind

RUNNING = (ClockState.BREACHED, ClockState.AT_RISK, ClockState.RUNNING, ClockState.HELD)


def _choices(words: Iterable[StrEnum]) -> list[tuple[str, str]]:
    return [(word.value, word.value.replace("_", " ")) for word in words]


class TermFilter(forms.Form):
    """Which terms to show."""

    operation = forms.CharField(required=False, max_length=80)
    account = forms.CharField(required=False, max_length=80, strip=False)
    on = forms.DateField(required=False)
    after = forms.CharField(required=False, max_length=120, strip=False)


class ContractFilter(forms.Form):
    """Which versions of contracts to show."""

    account = forms.CharField(required=False, max_length=400, strip=False)
    state = forms.ChoiceField(required=False, choices=[("", "any"), *_choices(ContractState)])
    on = forms.DateField(required=False)


class ClockFilter(forms.Form):
    """Which clocks to show."""

    operation = forms.CharField(required=False, max_length=80)
    account = forms.CharField(required=False, max_length=400, strip=False)
    state = forms.ChoiceField(required=False, choices=[("", "all"), *_choices(RUNNING)])


class Period(forms.Form):
    """From a day until before another."""

    from_on = forms.DateField()
    until_on = forms.DateField()


class NewBend(forms.Form):
    """A promise that is to bend; the stretch in percent of its time."""

    account_number = forms.CharField(max_length=400)
    term_number = forms.CharField(max_length=200)
    stretch_percent = forms.FloatField()
    request = forms.CharField(max_length=200)
    worth = forms.DecimalField(max_digits=17, decimal_places=2)
    currency = forms.CharField(max_length=3)
    starts_on = forms.DateField()
    until_on = forms.DateField()
    reason = forms.CharField(max_length=2000)


class NewWorkEvent(forms.Form):
    """What happened to a piece of work, now."""

    operation = forms.CharField(max_length=80)
    work_key = forms.CharField(max_length=400)
    kind = forms.ChoiceField(choices=_choices(tuple(WorkEventKind)))
    reason = forms.CharField(required=False, max_length=120)
    work_class = forms.CharField(required=False, max_length=80)


class NewCalendar(forms.Form):
    """A version of a business calendar."""

    key = forms.CharField(max_length=60)
    title = forms.CharField(max_length=120)
    hours = forms.CharField(max_length=2000)
    time_zone = forms.CharField(required=False, max_length=60)
    holidays_of = forms.CharField(required=False, max_length=12)
    from_on = forms.DateField()


class NewContract(forms.Form):
    """A contract, or the next version of one."""

    contract_number = forms.CharField(max_length=100)
    title = forms.CharField(max_length=160)
    account_number = forms.CharField(required=False, max_length=400)
    tier = forms.CharField(required=False, max_length=12)
    starts_on = forms.DateField()
    ends_on = forms.DateField(required=False)
    calendar = forms.CharField(required=False, max_length=60)
    currency = forms.CharField(required=False, max_length=3)
    pause_reasons = forms.CharField(required=False, max_length=1000)


class NewClause(forms.Form):
    """One promise of a contract; the target in percent."""

    term_number = forms.CharField(max_length=80)
    operation = forms.CharField(max_length=80)
    service = forms.CharField(required=False, max_length=80)
    work_class = forms.CharField(required=False, max_length=80)
    measure = forms.ChoiceField(choices=_choices(tuple(Measure)))
    within_minutes = forms.FloatField()
    clock = forms.ChoiceField(choices=_choices(tuple(Clock)))
    target_percent = forms.FloatField()
    credit_per_miss = forms.DecimalField(required=False, max_digits=17, decimal_places=2)


Clauses = forms.formset_factory(NewClause, extra=3, max_num=20, absolute_max=20)


class ContractProposal(forms.Form):
    """Why a contract is proposed."""

    reason = forms.CharField(max_length=2000)
    money_at_stake = forms.DecimalField(required=False, max_digits=17, decimal_places=2)


class NewChain(forms.Form):
    """How departments share the time of a promise."""

    name = forms.CharField(max_length=80)
    operation = forms.CharField(max_length=80)
    service = forms.CharField(required=False, max_length=80)
    work_class = forms.CharField(required=False, max_length=80)
    measure = forms.ChoiceField(choices=_choices(tuple(Measure)))
    clock = forms.ChoiceField(choices=_choices(tuple(Clock)))
    steps = forms.CharField(max_length=4000)


class NewNeed(forms.Form):
    """What an account says it needs."""

    account_number = forms.CharField(max_length=400)
    words = forms.CharField(max_length=500)
    heard_in = forms.CharField(max_length=200)


class NeedMeasure(forms.Form):
    """What a need comes to; the target in percent."""

    operation = forms.CharField(max_length=80)
    service = forms.CharField(required=False, max_length=80)
    work_class = forms.CharField(required=False, max_length=80)
    measure = forms.ChoiceField(choices=_choices(tuple(Measure)))
    within_minutes = forms.FloatField()
    clock = forms.ChoiceField(choices=_choices(tuple(Clock)))
    target_percent = forms.FloatField()
    process = forms.CharField(max_length=300)
    control = forms.CharField(max_length=300)
    owner_key = forms.CharField(required=False, max_length=80)
    review_on = forms.DateField()


class NeedAgreed(forms.Form):
    """With whom a need's parameter was agreed."""

    agreed_with = forms.CharField(max_length=200)


class NeedToPropose(forms.Form):
    """From when on, why, and in which contract a need is to be promised."""

    starts_on = forms.DateField()
    reason = forms.CharField(max_length=2000)
    contract_number = forms.CharField(required=False, max_length=100)


class NeedReviewed(forms.Form):
    """What a review of a need found."""

    finding = forms.CharField(max_length=500)
    review_on = forms.DateField()


class NeedDropped(forms.Form):
    """Why a need is dropped."""

    because = forms.CharField(max_length=500)


class ExpectationFilter(forms.Form):
    """Whose answers to compare with promises, and from which score on people are satisfied."""

    account = forms.CharField(required=False, max_length=400)
    tier = forms.CharField(required=False, max_length=12)
    kind = forms.CharField(required=False, max_length=80)
    score = forms.FloatField(required=False)
    days = forms.IntegerField(required=False)


class NewSetup(forms.Form):
    """A template to be made of a signed version of a contract."""

    version_id = forms.UUIDField()
    name = forms.CharField(max_length=80)
    purpose = forms.CharField(max_length=500)
    review_on = forms.DateField()


class SetupToApply(forms.Form):
    """A template applied to an account, with its parameters."""

    account_number = forms.CharField(max_length=400)
    contract_number = forms.CharField(max_length=100)
    starts_on = forms.DateField()
    ends_on = forms.DateField(required=False)
    time_factor = forms.FloatField()
    hours_factor = forms.FloatField()
    reason = forms.CharField(max_length=2000)
