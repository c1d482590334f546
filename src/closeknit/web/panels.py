"""The tiles that pages may place, by name: the owner serves it, and nobody imports upward."""

from dataclasses import dataclass

from closeknit.kernel.actor import Actor
from closeknit.rooms.org.contracts import Permission


@dataclass(frozen=True, slots=True)
class Panel:
    """A tile: its URL's name, its title while it loads, and who may see it (one permission is enough)."""

    url_name: str
    title: str
    permissions: tuple[Permission, ...]

    def shown_to(self, actor: Actor) -> bool:
        return any(actor.may(permission) for permission in self.permissions)


PANELS: dict[str, Panel] = {
    # Today
    "agenda": Panel(
        "tile-agenda",
        "First things first",
        (Permission.READ_DECISIONS, Permission.READ_CAPACITY, Permission.READ_FEEDS),
    ),
    "promises-today": Panel("tile-promises-today", "Promises that run out", (Permission.READ_INTERNAL,)),
    "inbox": Panel("tile-inbox", "Waiting for a decision", (Permission.DECIDE, Permission.READ_LEDGER)),
    "exceptions": Panel("tile-exceptions", "Exceptions to look at", (Permission.READ_DECISIONS,)),
    "forecast-exceptions": Panel(
        "tile-forecast-exceptions", "Came otherwise than forecast", (Permission.READ_CAPACITY,)
    ),
    "escalations": Panel("tile-escalations", "Escalated to you", (Permission.READ_DECISIONS,)),
    "duties": Panel("tile-duties", "Duties to sign", (Permission.READ_DECISIONS,)),
    "notices": Panel("tile-notices", "Notices", (Permission.READ_ACCOUNTS,)),
    "plans-today": Panel("tile-plans-today", "Plans in force", (Permission.READ_CAPACITY,)),
    "feeds-today": Panel("tile-feeds-today", "Feeds", (Permission.READ_FEEDS,)),
    "work-today": Panel("tile-work", "Background work", (Permission.READ_FEEDS,)),
    # One operation
    "need-today": Panel("tile-need-today", "People for the rest of today", (Permission.READ_CAPACITY,)),
    # One account
    "account-terms": Panel("tile-account-terms", "Promises in force", (Permission.READ_ACCOUNTS,)),
    "account-worth": Panel("tile-account-worth", "Value and score", (Permission.READ_INTERNAL,)),
    "account-insights": Panel("tile-account-insights", "What we know", (Permission.READ_INTERNAL,)),
    "account-privacy": Panel("tile-account-privacy", "What it allows", (Permission.READ_PERSONAL,)),
    "account-intimacy": Panel("tile-account-intimacy", "How well we know it", (Permission.READ_INTERNAL,)),
    "account-demand": Panel("tile-account-demand", "Work per week", (Permission.READ_CAPACITY,)),
    "account-capacity": Panel("tile-account-capacity", "Capacity reserved", (Permission.READ_CAPACITY,)),
    "account-buffers": Panel("tile-account-buffers", "Kept ready", (Permission.READ_CAPACITY,)),
    "account-decisions": Panel("tile-account-decisions", "Decisions", (Permission.READ_DECISIONS,)),
    # All plans
    "pipeline-differences": Panel("tile-pipeline-differences", "Sales against plans", (Permission.READ_CAPACITY,)),
    # One plan, one thread
    "proposal": Panel("tile-proposal", "Approval", (Permission.DECIDE, Permission.READ_LEDGER)),
    "thread-demand": Panel("tile-thread-demand", "Forecast of this thread", (Permission.READ_CAPACITY,)),
    "thread-plans": Panel("tile-thread-plans", "Plan of this thread", (Permission.READ_CAPACITY,)),
}
