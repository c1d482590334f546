"""Every question about people and their rights. The only place where roles become permissions."""

from closeknit.rooms.org.reads.actors import (
    CONSOLE_KEY,
    SYSTEM_KEY,
    console_actor,
    find_actor_by_username,
    find_actor_of_user,
    get_actor,
    system_actor,
)
from closeknit.rooms.org.reads.people import (
    get_delegation,
    get_person,
    list_absences,
    list_absent,
    list_delegations,
    list_people,
    list_people_who,
    list_teams,
)
from closeknit.rooms.org.reads.scope import list_visible, place_of, visible_account_numbers
from closeknit.rooms.org.reads.settings import (
    count_deviations,
    get_declared,
    get_setting,
    get_setting_value,
    get_settings,
    list_deviations,
    list_setting_values,
    list_settings,
    may_set,
)
from closeknit.rooms.org.reads.tokens import find_actor_of_token, hash_token

__all__ = [
    "CONSOLE_KEY",
    "SYSTEM_KEY",
    "console_actor",
    "count_deviations",
    "find_actor_by_username",
    "find_actor_of_token",
    "find_actor_of_user",
    "get_actor",
    "get_declared",
    "get_delegation",
    "get_person",
    "get_setting",
    "get_setting_value",
    "get_settings",
    "hash_token",
    "list_absences",
    "list_absent",
    "list_delegations",
    "list_deviations",
    "list_people",
    "list_people_who",
    "list_setting_values",
    "list_settings",
    "list_teams",
    "list_visible",
    "may_set",
    "place_of",
    "system_actor",
    "visible_account_numbers",
]
