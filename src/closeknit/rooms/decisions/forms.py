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


class ThreadFilter(forms.Form):
    """Which threads to show."""

    account = forms.CharField(required=False, max_length=400)


class Decision(forms.Form):
    """A person's answer to a proposal."""

    answer = forms.ChoiceField(choices=[("approve", "approve"), ("reject", "reject")])
    reason = forms.CharField(required=False, max_length=2000)


class Withdrawal(forms.Form):
    """Why a proposal is taken back."""

    reason = forms.CharField(required=False, max_length=2000)


class InboxFilter(forms.Form):
    """Which part of the inbox to show."""

    kind = forms.ChoiceField(
        required=False, choices=[("", ""), *((word, word) for word in ("proposal", "escalation", "duty", "exception"))]
    )


class ExceptionFilter(forms.Form):
    """Which exceptions to show."""

    state = forms.ChoiceField(
        required=False,
        choices=[
            ("", ""),
            *((word, word) for word in ("requested", "granted", "active", "expired", "ended", "refused")),
        ],
    )
    account = forms.CharField(required=False, max_length=400)
    owner = forms.CharField(required=False, max_length=120)
    due = forms.BooleanField(required=False)


class NewException(forms.Form):
    """An exception to ask for."""

    account_number = forms.CharField(required=False, max_length=400)
    place = forms.CharField(required=False, max_length=120)
    deviates_from = forms.CharField(max_length=200)
    allowed = forms.CharField(max_length=2000)
    reason = forms.CharField(max_length=2000)
    starts_on = forms.DateField()
    until_on = forms.DateField()
    review_on = forms.DateField(required=False)
    owner_key = forms.CharField(required=False, max_length=150)
    money_at_stake = forms.DecimalField(required=False, min_value=0, max_digits=16, decimal_places=2)
    currency = forms.RegexField(r"^[A-Z]{3}$", required=False)


class ExceptionReview(forms.Form):
    """What a review of an exception comes to."""

    verdict = forms.ChoiceField(choices=[(word, word) for word in ("keep", "extend", "end")])
    reason = forms.CharField(max_length=2000)
    until_on = forms.DateField(required=False)
    review_on = forms.DateField(required=False)


class EscalationFilter(forms.Form):
    """Which escalations to show."""

    state = forms.ChoiceField(
        required=False, choices=[("", ""), ("open", "open"), ("acknowledged", "taken on"), ("closed", "closed")]
    )
    path = forms.CharField(required=False, max_length=40)
    account = forms.CharField(required=False, max_length=80)
    mine = forms.BooleanField(required=False)


class EscalationAnswer(forms.Form):
    """What a person says to an escalation."""

    answer = forms.ChoiceField(choices=[(word, word) for word in ("acknowledge", "hand-back", "reassign", "close")])
    to = forms.CharField(required=False, max_length=150)
    reason = forms.CharField(required=False, max_length=2000)


class PathChange(forms.Form):
    """Escalation paths as YAML, and why they change."""

    paths = forms.CharField(max_length=50_000)
    reason = forms.CharField(max_length=2000)


class NewDutyCalendar(forms.Form):
    """An on-duty calendar to open."""

    calendar = forms.CharField(max_length=40)
    title = forms.CharField(max_length=120)
    time_zone = forms.CharField(max_length=60)


class NewShift(forms.Form):
    """A weekly shift on the calendar's own clock."""

    person = forms.CharField(max_length=150)
    weekday = forms.IntegerField(min_value=0, max_value=6)
    starts_local = forms.TimeField()
    ends_local = forms.TimeField()
    from_on = forms.DateField()


class ShiftEnd(forms.Form):
    """The day before which a shift ends."""

    until_on = forms.DateField()


class NewSwap(forms.Form):
    """Who takes over from when until when, on the calendar's own clock."""

    person = forms.CharField(max_length=150)
    starts_local = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    ends_local = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    replaces = forms.CharField(required=False, max_length=150)
    reason = forms.CharField(max_length=2000)


class NoticeFilter(forms.Form):
    """Which notices to show."""

    unread = forms.BooleanField(required=False)
    before = forms.DateTimeField(required=False)


class ReadUntil(forms.Form):
    """Up to which instant notices were seen."""

    until = forms.DateTimeField()


class PreferenceForm(forms.Form):
    """How a person wants to be told."""

    mail_address = forms.CharField(required=False, max_length=254)
    mail = forms.ChoiceField(choices=[(word, word) for word in ("none", "urgent", "all")])
    webhook = forms.ChoiceField(choices=[(word, word) for word in ("none", "urgent", "all")])
    digest = forms.ChoiceField(choices=[(word, word) for word in ("hourly", "daily")])
    digest_hour = forms.IntegerField(min_value=0, max_value=23)
    quiet_from = forms.TimeField(required=False)
    quiet_until = forms.TimeField(required=False)
    time_zone = forms.CharField(max_length=60)


class NewEndpoint(forms.Form):
    """A webhook endpoint to create."""

    name = forms.CharField(max_length=80)
    url = forms.CharField(max_length=500)


class EndpointAddress(forms.Form):
    """Another address for an endpoint."""

    url = forms.CharField(max_length=500)


class EndpointReason(forms.Form):
    """Why an endpoint is disabled."""

    reason = forms.CharField(max_length=500)


class DispatchFilter(forms.Form):
    """Which messages to show."""

    state = forms.ChoiceField(
        required=False, choices=[("", ""), *((word, word) for word in ("pending", "sent", "dead", "dropped"))]
    )


class DutyFilter(forms.Form):
    """Which due dates to show."""

    state = forms.ChoiceField(required=False, choices=[("", ""), *((w, w) for w in ("due", "overdue", "signed"))])
    duty = forms.UUIDField(required=False)
    mine = forms.BooleanField(required=False)


class Signature(forms.Form):
    """A signature under the evidence that was looked at."""

    evidence_sha256 = forms.RegexField(r"^[0-9a-f]{64}$")
    remark = forms.CharField(required=False, max_length=2000)


class NewDuty(forms.Form):
    """A duty to add. `on` is a weekday (1 to 5), a business day (-15 to 15) or a day of the month (1 to 31)."""

    name = forms.CharField(max_length=120)
    about = forms.CharField(required=False, max_length=2000)
    owner = forms.CharField(max_length=80)
    cadence = forms.ChoiceField(choices=[(word, word) for word in ("weekly", "monthly", "quarterly", "yearly")])
    counted = forms.ChoiceField(choices=[("business", "business"), ("calendar", "calendar")])
    on = forms.IntegerField(min_value=-15, max_value=31)
    month = forms.IntegerField(required=False, min_value=1, max_value=12)
    days_to_sign = forms.IntegerField(min_value=0, max_value=60)
    time_zone = forms.CharField(max_length=60)
    evidence = forms.CharField(required=False, max_length=1000)
    statement = forms.CharField(max_length=2000)
    starts_on = forms.DateField(required=False)

    def clean_evidence(self) -> list[str]:
        """Read names of queries, however they are separated."""
        return self.cleaned_data["evidence"].replace(",", " ").split()


class TemplateInstall(forms.Form):
    """Which shipped duty to install; none: all."""

    template = forms.CharField(required=False, max_length=60)


class DutyAssignment(forms.Form):
    """To whom a duty passes, and why."""

    owner = forms.CharField(max_length=80)
    reason = forms.CharField(max_length=500)


class DutyReason(forms.Form):
    """Why a duty ends."""

    reason = forms.CharField(max_length=500)


class KeyReason(forms.Form):
    """Why something is done to the ledger's keys."""

    reason = forms.CharField(required=False, max_length=2000)


class ErasedSubject(KeyReason):
    """Whom to erase from the ledger: one account, or one person by key."""

    account = forms.CharField(required=False, max_length=80)
    person = forms.CharField(required=False, max_length=80)


class AcceptedBreak(KeyReason):
    """Which epoch's break is accepted."""

    epoch = forms.IntegerField(min_value=1, max_value=2**31 - 1)


class AdoptedTable(forms.Form):
    """A decision table in YAML, and why it is put in force."""

    text = forms.CharField(max_length=100_000, strip=False)
    reason = forms.CharField(required=False, max_length=2000)
