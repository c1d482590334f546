"""What people send to the pages of org. Times are in UTC, as the pages show them."""

from django import forms

from closeknit.rooms.org.contracts import DOMAINS, Department, Level, Permission, Role


class SettingFilter(forms.Form):
    """Which settings to show."""

    search = forms.CharField(required=False, max_length=120)


class Somewhere(forms.Form):
    """Where a setting is asked for."""

    region = forms.CharField(required=False, max_length=120)
    site = forms.CharField(required=False, max_length=120)
    tier = forms.CharField(required=False, max_length=120)
    account = forms.CharField(required=False, max_length=120, strip=False)


class DeviationFilter(forms.Form):
    """Which deviations to show."""

    key = forms.CharField(required=False, max_length=120)
    level = forms.ChoiceField(required=False, choices=[("", "any"), *((v.value, v.value) for v in list(Level)[2:])])
    place = forms.CharField(required=False, max_length=120)
    due = forms.BooleanField(required=False)


class NewValue(forms.Form):
    """A value for a place."""

    value = forms.CharField(max_length=500)
    level = forms.CharField(max_length=10)
    place = forms.CharField(required=False, max_length=120)
    reason = forms.CharField(max_length=500)
    starts_at = forms.DateTimeField(required=False)
    ends_at = forms.DateTimeField(required=False)
    review_on = forms.DateField(required=False)
    seen_id = forms.IntegerField(required=False, min_value=0)


class Because(forms.Form):
    """A reason, and nothing else."""

    reason = forms.CharField(max_length=500)


class Review(forms.Form):
    """When a local value is looked at next, and why it is kept."""

    review_on = forms.DateField()
    reason = forms.CharField(max_length=500)


class RightsForm(forms.Form):
    """Roles, and the accounts they reach: names one to a line."""

    roles = forms.MultipleChoiceField(required=False, choices=[(role.value, role.value) for role in Role])
    teams = forms.CharField(required=False, max_length=4000)
    regions = forms.CharField(required=False, max_length=4000)
    accounts = forms.CharField(required=False, max_length=20000)
    reason = forms.CharField(max_length=1000)


class NewPerson(RightsForm):
    """Someone who may sign in."""

    username = forms.CharField(max_length=150)
    name = forms.CharField(max_length=120)
    password = forms.CharField(max_length=200, strip=False)


class Loan(forms.Form):
    """Rights lent to a colleague."""

    to = forms.CharField(max_length=80)
    lender = forms.CharField(required=False, max_length=80)
    permissions = forms.MultipleChoiceField(required=False, choices=[(p.value, p.value) for p in Permission])
    starts_at = forms.DateTimeField(required=False)
    ends_at = forms.DateTimeField()
    reason = forms.CharField(max_length=1000)


class Away(forms.Form):
    """An absence."""

    person = forms.CharField(required=False, max_length=80)
    starts_at = forms.DateTimeField(required=False)
    ends_at = forms.DateTimeField()
    reason = forms.CharField(required=False, max_length=1000)


class Appointment(forms.Form):
    """Who answers for which data."""

    domain = forms.ChoiceField(choices=[(word, word) for word in DOMAINS])
    field = forms.CharField(required=False, max_length=80, label="Field (empty: the whole domain)")
    person = forms.CharField(max_length=150, label="Person (user name)")
    level = forms.ChoiceField(choices=[(v, v) for v in ("global", "region", "site")])
    place = forms.CharField(required=False, max_length=120, label="Place (region or site)")
    starts_at = forms.DateTimeField(required=False, label="From (UTC; empty: now)")
    ends_at = forms.DateTimeField(required=False, label="Until (UTC; empty: until changed)")
    reason = forms.CharField(max_length=500, label="Why")


class Withholding(forms.Form):
    """What a department does not get."""

    domain = forms.ChoiceField(choices=[(word, word) for word in DOMAINS])
    field = forms.CharField(required=False, max_length=80, label="Field (empty: all that is more than public)")
    department = forms.ChoiceField(choices=[(d.value, d.value) for d in Department])
    starts_at = forms.DateTimeField(required=False, label="From (UTC; empty: now)")
    ends_at = forms.DateTimeField(required=False, label="Until (UTC; empty: until changed)")
    reason = forms.CharField(max_length=500, label="Why")


def first_refusal(form: forms.Form) -> tuple[str, str]:
    """Return the first field of a form that was refused, and why."""
    name, reasons = next(iter(form.errors.items()))
    return str(name), " ".join(str(reason) for reason in reasons)
