"""What people send to the pages of capacity."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from django import forms

from closeknit.kernel import arguments
from closeknit.rooms.agreements.contracts import Clock
from closeknit.rooms.capacity.contracts import (
    DemandChange,
    GuaranteeAsked,
    OfferAsked,
    PlanChanges,
    PoolChange,
    StaffingMethod,
    StaffingQuestion,
    StressPreset,
    TermChange,
    UnitRequest,
)
from closeknit.rooms.capacity.contracts.rosters import LONGEST_ROSTER_WEEKS, RosterAsked, RosterBoard
from closeknit.rooms.capacity.contracts.training import TrainingAsked


class PlanRequest(forms.Form):
    """Which operation to plan, and how far ahead."""

    operation = forms.CharField(max_length=80)
    weeks = forms.IntegerField(required=False, min_value=1, max_value=26)


class CellChoice(forms.Form):
    """Which pool and week to look into."""

    pool = forms.CharField(max_length=120)
    week = forms.DateField()


class ThreadChoice(forms.Form):
    """Which thread a tile is about."""

    thread = forms.UUIDField()


class Written(forms.CharField):
    """A field read as a command line's words are: 3m, 30%, 80/20s."""

    def __init__(self, read: Callable[[str], Any], **options: Any) -> None:
        super().__init__(max_length=40, **options)
        self.read = read

    def clean(self, value: Any) -> Any:
        """Return what the words mean; None where nothing was written and nothing must be."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return self.read(text)
        except ArgumentTypeError as reason:
            raise forms.ValidationError(f"{reason}.") from reason


class StaffingTargets(forms.Form):
    """What a queue is asked to keep. The names are those of the command's options."""

    interval = Written(arguments.span, label="Interval", initial="30m")
    handle = Written(arguments.span, label="Handling time", initial="3m")
    target = Written(arguments.service_level, label="Service level", initial="80/20s")
    patience = Written(arguments.span, label="Patience", required=False)
    shrinkage = Written(arguments.share, label="Shrinkage", required=False, initial="30%")
    max_occupancy = Written(arguments.share, label="Occupancy at most", required=False)
    max_abandoned = Written(arguments.share, label="Given up at most", required=False)
    max_mean_wait = Written(arguments.span, label="Mean wait at most", required=False)

    def question(self) -> StaffingQuestion:
        """Return the question that a valid form asks."""
        told = self.cleaned_data
        given = {name: None if told[name] is None else float(told[name]) for name in self.optional}
        return StaffingQuestion(
            calls=told.get("calls") or 0.0,
            interval_minutes=float(told["interval"]),
            handle_minutes=float(told["handle"]),
            target_share=float(told["target"][0]),
            threshold_minutes=float(told["target"][1]),
            patience_minutes=given["patience"],
            shrinkage_share=told["shrinkage"] or Fraction(0),
            most_occupancy_share=given["max_occupancy"],
            most_abandoned_share=given["max_abandoned"],
            longest_mean_wait_minutes=given["max_mean_wait"],
        )

    optional = ("patience", "max_occupancy", "max_abandoned", "max_mean_wait")


class StaffingForm(StaffingTargets):
    """One interval: its calls too."""

    calls = Written(arguments.number, label="Calls in the interval", initial="100")


class StaffingFileForm(StaffingTargets):
    """The intervals of a day, in a file or pasted."""

    file = forms.FileField(label="CSV of intervals", required=False)
    intervals = forms.CharField(max_length=200_000, required=False, strip=False)
    method = forms.ChoiceField(choices=[(m.value, m.value.replace("_", " ")) for m in StaffingMethod], required=False)


class DifferenceFilter(forms.Form):
    """Which differences between sales and plans to show."""

    operation = forms.CharField(required=False, max_length=80)
    state = forms.ChoiceField(
        required=False, choices=[("", "any"), *((word, word) for word in ("open", "settled", "gone"))]
    )


class DifferenceAssignment(forms.Form):
    """Who answers for a difference."""

    to = forms.CharField(max_length=150)


class DifferenceSettlement(forms.Form):
    """What is done about a difference, and why."""

    resolution = forms.ChoiceField(
        choices=[(word, word) for word in ("more-capacity", "sales-moves-date", "accepted", "projection-wrong")]
    )
    text = forms.CharField(max_length=2000)


class QuoteForm(forms.Form):
    """A proposed term: of which account, how soon, how often, at which credit."""

    operation = forms.CharField(max_length=80)
    account = forms.CharField(max_length=80, label="Account")
    service = forms.CharField(max_length=120, required=False)
    within = Written(arguments.span, label="Within")
    target = Written(arguments.share, label="Kept for")
    credit = forms.DecimalField(required=False, min_value=0, max_digits=12, decimal_places=2, label="Credit per miss")
    clock = forms.ChoiceField(choices=[(c.value, c.value) for c in Clock], required=False)
    starts_on = forms.DateField(required=False, label="From")

    def term(self) -> TermChange:
        """Return the term that a valid form proposes."""
        told = self.cleaned_data
        return TermChange(
            account_number=told["account"],
            threshold_minutes=float(told["within"]),
            target_share=float(told["target"]),
            service=told["service"],
            credit_per_miss=told["credit"],
            clock=Clock(told["clock"] or Clock.CALENDAR),
            starts_on=told["starts_on"],
        )


class GuaranteeForm(forms.Form):
    """Capacity held ready: for which account, how many units or hours a week."""

    operation = forms.CharField(max_length=80)
    account = forms.CharField(max_length=80, label="Account")
    service = forms.CharField(max_length=120, required=False)
    units = Written(arguments.number, label="Units held ready", required=False)
    hours = Written(arguments.number, label="or hours a week", required=False)
    starts_on = forms.DateField(required=False, label="From")

    def wanted(self) -> GuaranteeAsked:
        """Return what a valid form asks for."""
        told = self.cleaned_data
        units, hours = (None if told[name] is None else float(told[name]) for name in ("units", "hours"))
        return GuaranteeAsked(told["account"], units, hours, told["service"], told["starts_on"])


class QuoteSigning(forms.Form):
    """From when on a quoted term is to hold, and why."""

    starts_on = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(max_length=2000, label="Why", widget=forms.Textarea(attrs={"rows": 2}))


class QuoteFilter(forms.Form):
    """Which quotes to show."""

    account = forms.CharField(required=False, max_length=80)


class RequestForm(forms.Form):
    """One request: of which account, how much of what, in which week."""

    operation = forms.CharField(max_length=80)
    account = forms.CharField(max_length=80, label="Account")
    service = forms.CharField(max_length=120)
    region = forms.CharField(max_length=120, required=False)
    units = Written(arguments.number, label="Units of work")
    week = forms.DateField(label="Week of (a Monday)")

    def request(self) -> UnitRequest:
        """Return the request that a valid form makes."""
        told = self.cleaned_data
        return UnitRequest(told["account"], told["service"], float(told["units"]), told["week"], told["region"])


class PriceChoice(forms.Form):
    """Whose prices to show, and for which week what to keep back."""

    operation = forms.CharField(max_length=80, required=False)
    plan = forms.UUIDField(required=False)
    week = forms.DateField(required=False)


class DedicatedForm(forms.Form):
    """For which tier of which operation to weigh a stream of its own."""

    operation = forms.CharField(max_length=80, required=False)
    tier = forms.CharField(max_length=40, required=False)


class TrainingForm(forms.Form):
    """Which training to weigh: of which operation, within how many hours, beside what people can do already."""

    operation = forms.CharField(max_length=80, required=False)
    hours = Written(arguments.number, label="Hours of training", required=False)
    held = forms.ChoiceField(required=False, choices=[("used", "help out first"), ("apart", "stay apart")])

    def asked(self) -> TrainingAsked:
        """Return what a valid form asks."""
        told = self.cleaned_data
        return TrainingAsked(None if told["hours"] is None else float(told["hours"]), told["held"] != "apart")


class OfferForm(forms.Form):
    """Units of a pool held ready: so many, or as many as answer some work so soon, so often."""

    operation = forms.CharField(max_length=80)
    pool = forms.CharField(max_length=120)
    units = Written(arguments.number, label="Units held", required=False)
    work = Written(arguments.number, label="Work a week", required=False)
    within = Written(arguments.span, label="Begun within", required=False)
    target = Written(arguments.share, label="Kept for", required=False)
    account = forms.CharField(max_length=80, required=False)
    from_on = forms.DateField(required=False, label="From (a Monday)")
    weeks = forms.IntegerField(required=False, min_value=1, max_value=104)

    def offer(self) -> OfferAsked:
        """Return the offer that a valid form asks the cost of."""
        told = self.cleaned_data
        numbers = {name: None if told[name] is None else float(told[name]) for name in ("units", "work", "within")}
        return OfferAsked(
            pool=told["pool"],
            units=numbers["units"],
            work_per_week=numbers["work"],
            within_minutes=numbers["within"],
            target_share=None if told["target"] is None else float(told["target"]),
            account_number=told["account"],
            from_on=told["from_on"],
            weeks=told["weeks"],
        )


class ScenarioForm(forms.Form):
    """A preset, or one change of demand and one of a pool. More of them at once: by JSON."""

    operation = forms.CharField(max_length=80)
    name = forms.CharField(max_length=120)
    preset = forms.ChoiceField(required=False, choices=[("", "none"), *((p.value, p.value) for p in StressPreset)])
    service = forms.CharField(max_length=120, required=False)
    factor = Written(arguments.number, label="Demand times", required=False)
    pool = forms.CharField(max_length=120, required=False)
    hours_factor = Written(arguments.number, label="Hours times", required=False)
    extra_units = forms.FloatField(required=False, label="Units more")
    from_on = forms.DateField(required=False, label="From")
    weeks = forms.IntegerField(required=False, min_value=1, max_value=26)

    def changes(self) -> PlanChanges:
        """Return the changes that a valid form asks for."""
        told = self.cleaned_data
        when = {"from_on": told["from_on"], "weeks": told["weeks"]}
        demand = (
            () if told["factor"] is None else (DemandChange(float(told["factor"]), service=told["service"], **when),)
        )
        hours = 1.0 if told["hours_factor"] is None else float(told["hours_factor"])
        pool = PoolChange(told["pool"], hours_factor=hours, extra_units=told["extra_units"] or 0.0, **when)
        return PlanChanges(demand=demand, pools=(pool,) if told["pool"] else ())


class RosterForm(forms.Form):
    """Which pool to roster, for how many weeks, from when, and in which shifts."""

    pool = forms.CharField(max_length=120, label="Pool")
    weeks = forms.IntegerField(min_value=1, max_value=LONGEST_ROSTER_WEEKS, label="Weeks")
    first_on = forms.DateField(required=False, label="From (a Monday)")
    shifts = forms.CharField(max_length=200, required=False, label="Shifts")

    def asked(self) -> RosterAsked:
        """Return the roster that a valid form asks for."""
        told = self.cleaned_data
        spans = tuple(part.strip() for part in told["shifts"].replace(";", ",").split(",") if part.strip())
        return RosterAsked(told["pool"], told["weeks"], told["first_on"], spans)


class StaffForm(forms.Form):
    """Who works in a pool: a file, or pasted."""

    pool = forms.CharField(max_length=120, label="Pool")
    file = forms.FileField(label="CSV of people", required=False)
    people = forms.CharField(max_length=200_000, required=False, strip=False, label="or pasted")


class PublishForm(forms.Form):
    """Why this roster."""

    reason = forms.CharField(max_length=1000, label="Why this one")


class WhyNotForm(forms.Form):
    """A person of a roster, one of its days, and a shift; none: a day off."""

    person = forms.ChoiceField(label="Person")
    day = forms.DateField(label="Day")
    shift = forms.ChoiceField(label="Shift", required=False)

    def __init__(self, board: RosterBoard, data: Any = None) -> None:
        super().__init__(data)
        people, shifts = self.fields["person"], self.fields["shift"]
        assert isinstance(people, forms.ChoiceField)
        assert isinstance(shifts, forms.ChoiceField)
        people.choices = [(p.person, p.name or p.person) for p in board.people]
        shifts.choices = [("", "off"), *((s.code, f"{s.code} {s.hours_text} {s.role}".strip()) for s in board.shifts)]
        first, last = board.days[0].day_on.isoformat(), board.days[-1].day_on.isoformat()
        self.fields["day"].widget = forms.DateInput(attrs={"type": "date", "min": first, "max": last})
        self.fields["day"].initial = first
