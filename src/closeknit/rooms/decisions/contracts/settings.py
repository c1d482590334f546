"""What a company may decide differently about its decisions: when policy settles a plan, and how often it calls."""

from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

MOST_DATA_AGE_DAYS = Setting(
    key="decisions.plan_approval.most_data_age_days",
    kind=Kind.DAYS,
    default=8,
    unit="",
    sentence="A plan on data older than this waits for a person.",
    lowest=0,
    highest=366,
    levels=(Level.GLOBAL,),
)
LEAST_COVERAGE_SHARE = Setting(
    key="decisions.plan_approval.least_coverage_share",
    kind=Kind.SHARE,
    default=0.95,
    unit="",
    sentence="A plan that covers less of the need than this waits for a person.",
    levels=(Level.GLOBAL,),
)
MOST_COST_GROWTH_SHARE = Setting(
    key="decisions.plan_approval.most_cost_growth_share",
    kind=Kind.SHARE,
    default=0.10,
    unit="",
    sentence="A plan whose weekly cost grows by more than this over that of the plan in force waits for a person.",
    levels=(Level.GLOBAL,),
)
MOST_EXCEPTION_DAYS = Setting(
    key="decisions.exception.most_days_by_rule",
    kind=Kind.DAYS,
    default=31,
    unit="",
    sentence="An exception that lasts longer than this waits for a person.",
    lowest=0,
    highest=366,
    levels=(Level.GLOBAL, Level.TIER, Level.ACCOUNT),
)
ANSWER_WITHIN_HOURS = {
    kind: Setting(
        key=f"decisions.{kind}_approval.answer_within_hours",
        kind=Kind.HOURS,
        default=24.0,
        unit="",
        sentence=f"How long {words} may wait for a person before it is overdue; unset, the approval table says it.",
        lowest=0.25,
        highest=24 * 90,
        levels=levels,
    )
    for kind, words, levels in (
        ("plan", "a plan", (Level.GLOBAL,)),
        ("tier", "a change of tier", (Level.GLOBAL, Level.TIER, Level.ACCOUNT)),
        ("exception", "an exception", (Level.GLOBAL, Level.TIER, Level.ACCOUNT)),
        ("renegotiation", "a renegotiation", (Level.GLOBAL, Level.TIER, Level.ACCOUNT)),
    )
}
URGENT_PER_HOUR = Setting(
    key="notices.urgent_per_hour",
    kind=Kind.COUNT,
    default=6,
    unit="notices",
    sentence="How many urgent notices one person gets in an hour; the rest wait for the digest.",
    lowest=0,
    highest=100,
    levels=(Level.GLOBAL,),
)
SETTINGS = (
    MOST_DATA_AGE_DAYS,
    LEAST_COVERAGE_SHARE,
    MOST_COST_GROWTH_SHARE,
    MOST_EXCEPTION_DAYS,
    *ANSWER_WITHIN_HOURS.values(),
    MOST_EXCEPTION_DAYS,
    URGENT_PER_HOUR,
)
