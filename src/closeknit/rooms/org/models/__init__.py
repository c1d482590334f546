"""Tables of org: people and what they may do, teams and places, API tokens."""

from closeknit.rooms.org.models.people import Absence, Delegation, Grant, Person, RightsChangeRow
from closeknit.rooms.org.models.places import AccountPlace, Team
from closeknit.rooms.org.models.settings import SettingValueRow
from closeknit.rooms.org.models.stewards import DepartmentSharing, Stewardship
from closeknit.rooms.org.models.tokens import ApiToken
from closeknit.rooms.org.models.views import Look, SavedView

__all__ = [
    "Absence",
    "AccountPlace",
    "ApiToken",
    "Delegation",
    "DepartmentSharing",
    "Grant",
    "Look",
    "Person",
    "RightsChangeRow",
    "SavedView",
    "SettingValueRow",
    "Stewardship",
    "Team",
]
