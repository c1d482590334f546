"""Routine adjustment: by how much a plan may serve a tier or an account less than the plan in force, by rule."""

from dataclasses import dataclass

from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

ROUTINE_CUT_SHARE = Setting(
    key="capacity.routine_cut_share",
    kind=Kind.SHARE,
    default=0.1,
    unit="",
    sentence=(
        "By how much more of its need a plan may leave a tier or an account short than the plan in force, before a"
        " planner looks; strategic and key accounts always go to a planner unless they have a value of their own."
    ),
    lowest=0,
    highest=1,
    levels=(Level.GLOBAL, Level.TIER, Level.ACCOUNT),
)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A tier ("" as account: its accounts planned together) or an account that a draft serves less than before.

    `more_short_share` is the part of its need that is short now and was not; at most `limit_share` of it is routine.
    """

    tier: str
    account_number: str
    more_short_share: float
    limit_share: float

    @property
    def is_routine(self) -> bool:
        """Whether a rule may settle it."""
        return self.more_short_share <= self.limit_share

    @property
    def whom(self) -> str:
        """Say whom it is about."""
        return self.account_number or f"the {self.tier} accounts that are planned together"
