"""Every question about people and their rights. The only place where roles become permissions."""

from closeknit.rooms.org.reads.actors import (
    CONSOLE_KEY,
    SYSTEM_KEY,
    console_actor,
    find_actor_by_username,
    find_actor_of_user,
    get_actor,
    get_requester,
    system_actor,
)
from closeknit.rooms.org.reads.changes import get_rights_change, list_rights_changes
from closeknit.rooms.org.reads.fields import redact
from closeknit.rooms.org.reads.people import (
    get_absence,
    get_delegation,
    get_person,
    list_absences,
    list_absent,
    list_delegations,
    list_people,
    list_people_who,
    list_teams,
)
from closeknit.rooms.org.reads.rules import get_access_rules
from closeknit.rooms.org.reads.scope import list_visible, place_of, places_of, visible_account_numbers
from closeknit.rooms.org.reads.settings import (
    count_deviations,
    get_declared,
    get_setting,
    get_setting_value,
    get_settings,
    get_settings_together,
    list_deviations,
    list_places_set,
    list_setting_values,
    list_settings,
    may_set,
)
from closeknit.rooms.org.reads.sign_in import get_sign_in, list_sessions
from closeknit.rooms.org.reads.stewards import (
    find_steward,
    get_sharing_rule,
    get_stewardship,
    list_sharing_rules,
    list_stewards,
    list_withholdable_fields,
)
from closeknit.rooms.org.reads.tokens import find_actor_of_token, hash_token, list_tokens
from closeknit.rooms.org.reads.views import find_look, list_views

__all__ = [
    "CONSOLE_KEY",
    "SYSTEM_KEY",
    "console_actor",
    "count_deviations",
    "find_actor_by_username",
    "find_actor_of_token",
    "find_actor_of_user",
    "find_look",
    "find_steward",
    "get_absence",
    "get_access_rules",
    "get_actor",
    "get_declared",
    "get_delegation",
    "get_person",
    "get_requester",
    "get_rights_change",
    "get_setting",
    "get_setting_value",
    "get_settings",
    "get_settings_together",
    "get_sharing_rule",
    "get_sign_in",
    "get_stewardship",
    "hash_token",
    "list_absences",
    "list_absent",
    "list_delegations",
    "list_deviations",
    "list_people",
    "list_people_who",
    "list_places_set",
    "list_rights_changes",
    "list_sessions",
    "list_setting_values",
    "list_settings",
    "list_sharing_rules",
    "list_stewards",
    "list_teams",
    "list_tokens",
    "list_views",
    "list_visible",
    "list_withholdable_fields",
    "may_set",
    "place_of",
    "places_of",
    "redact",
    "system_actor",
    "visible_account_numbers",
]
