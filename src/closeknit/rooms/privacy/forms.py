"""What people send to the pages of privacy."""

import json
from typing import Any

from django import forms

from closeknit.rooms.privacy.contracts import (
    CHANNELS,
    KINDS,
    Basis,
    Collection,
    ConsentState,
    DataClass,
    LegalBasis,
    RequestKind,
    RequestState,
    Subject,
)


def _choices(words: Any) -> list[tuple[str, str]]:
    return [(word.value, word.value.replace("-", " ")) for word in words]


class SubjectForm(forms.Form):
    """Whom it is about."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS], initial="account", label="Kind")
    reference = forms.CharField(max_length=400, label="Account number or reference")

    def subject(self) -> Subject | None:
        """Return the subject that was named, if one was."""
        reference = self.cleaned_data["reference"].strip()
        return Subject(self.cleaned_data["kind"], reference) if reference else None


class ConsentForm(SubjectForm):
    """What a subject said about a purpose."""

    purpose = forms.CharField(max_length=60, label="Purpose")
    state = forms.ChoiceField(choices=_choices(ConsentState), initial="withdrawn", label="It said")
    channel = forms.ChoiceField(
        choices=[(name, name or "every channel") for name in CHANNELS], required=False, label="Channel"
    )
    collected = forms.ChoiceField(choices=_choices(Collection), initial="form", label="We learned it by")
    signal = forms.CharField(max_length=40, required=False, label="Signal, such as GPC")
    language = forms.CharField(max_length=20, initial="en", label="Language")
    text_shown = forms.CharField(
        max_length=20_000, required=False, label="Words that were shown", widget=forms.Textarea({"rows": 3})
    )
    note = forms.CharField(max_length=2000, required=False, label="Note")


class PurposeForm(forms.Form):
    """A purpose to put in force."""

    purpose = forms.CharField(max_length=60, label="Key, such as outreach")
    title = forms.CharField(max_length=200, label="Title")
    what_for = forms.CharField(max_length=2000, label="What for", widget=forms.Textarea({"rows": 2}))
    decisions = forms.CharField(
        max_length=2000, label="Decisions that use it, one in each line", widget=forms.Textarea({"rows": 2})
    )
    is_personalised = forms.BooleanField(
        required=False, initial=True, label="It is personalised: an opt-out always stops it"
    )
    bases = forms.CharField(
        max_length=5000,
        label='Legal bases, one in each line: where, basis, law (such as "EU, consent, GDPR Art. 6(1)(a)")',
        widget=forms.Textarea({"rows": 4}),
    )
    consent_days = forms.IntegerField(min_value=1, max_value=3650, required=False, label="A consent lasts for days")
    renews_consent = forms.BooleanField(required=False, label="Consents to earlier versions do not count")
    is_retired = forms.BooleanField(required=False, label="The purpose is given up")
    reason = forms.CharField(max_length=2000, label="Reason")

    def clean_decisions(self) -> tuple[str, ...]:
        """Return the decisions line by line."""
        return tuple(line.strip() for line in self.cleaned_data["decisions"].splitlines() if line.strip())

    def clean_bases(self) -> dict[str, LegalBasis]:
        """Return the bases by jurisdiction, or say which line cannot be read."""
        found = {}
        for line in filter(None, map(str.strip, self.cleaned_data["bases"].splitlines())):
            parts = [part.strip() for part in line.split(",", 2)]
            if len(parts) != 3 or parts[1] not in set(Basis):
                known = ", ".join(Basis)
                raise forms.ValidationError(
                    f"{json.dumps(line)} is no basis. Write where, one of {known}, and the law."
                )
            found[parts[0].upper()] = LegalBasis(Basis(parts[1]), parts[2])
        return found


class RequestForm(SubjectForm):
    """A request about one's own data."""

    request_kind = forms.ChoiceField(choices=_choices(RequestKind), label="It asks for")
    received_on = forms.DateField(label="Came in on", widget=forms.DateInput({"type": "date"}))
    jurisdiction = forms.CharField(max_length=40, required=False, label="Jurisdiction, if we do not know it")
    verified_by = forms.CharField(max_length=200, required=False, label="How we know that it is the subject")


class ExtensionForm(forms.Form):
    """More time for a request."""

    until_on = forms.DateField()
    reason = forms.CharField(max_length=2000)


class OutcomeForm(forms.Form):
    """How a request ends."""

    state = forms.ChoiceField(choices=[word for word in _choices(RequestState) if word[0] != "open"])
    outcome = forms.CharField(max_length=2000)
    verified_by = forms.CharField(max_length=200, required=False)


class HoldForm(SubjectForm):
    """What is to be kept."""

    reference = forms.CharField(max_length=400, required=False, label="Account number or reference (empty: everybody)")
    title = forms.CharField(max_length=200, label="Title")
    reason = forms.CharField(max_length=2000, label="Reason")
    review_on = forms.DateField(label="Look at it again on", widget=forms.DateInput({"type": "date"}))
    classes = forms.MultipleChoiceField(
        choices=_choices(DataClass), required=False, label="Classes of data (none: every class)"
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=2000)


class RetentionForm(forms.Form):
    """How long a class of data is kept."""

    data_class = forms.ChoiceField(choices=_choices(DataClass), label="Class of data")
    jurisdiction = forms.CharField(max_length=40, label="Where: a country, EU, or * for elsewhere")
    least_days = forms.IntegerField(min_value=0, max_value=36500, label="Not deleted before days")
    most_days = forms.IntegerField(min_value=0, max_value=36500, required=False, label="Not kept after days")
    law = forms.CharField(max_length=400, label="Law")
    reason = forms.CharField(max_length=2000, label="Reason")


class ErasureForm(SubjectForm):
    """Whom to erase."""

    reason = forms.CharField(max_length=2000, label="Reason, without personal data: it stays")
    also_known_as = forms.CharField(
        max_length=2000, required=False, label="Of a contact: its names and addresses, parted by semicolons; not kept"
    )
    request_id = forms.UUIDField(required=False, label="Request that asks for it, by number")


class CopyForm(forms.Form):
    """Which operation to copy."""

    operation = forms.CharField(max_length=80, label="Operation")
