"""Choose by which channels, and when, one is told."""

from dataclasses import asdict
from zoneinfo import available_timezones

from django.conf import settings

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, Invalid
from closeknit.kernel.outbound.mail import check_address
from closeknit.rooms.decisions.contracts import NoticePreferences
from closeknit.rooms.decisions.models import NoticePreferenceRow


def choose_notice_preferences(preferences: NoticePreferences, *, by: Actor) -> None:
    """Keep how the actor wants its own notices.

    Refuses who is no person, an address outside CLOSEKNIT_MAIL_DOMAINS, an unknown time zone, and half of a quiet time.
    """
    if not by.key.startswith("person:"):
        raise Denied("Only a person has notices.", where=by.key, todo="Say who: --as NAME.")
    _check(preferences)
    columns = {**asdict(preferences), "mail": preferences.mail.value, "webhook": preferences.webhook.value}
    columns["digest"] = preferences.digest.value
    NoticePreferenceRow.objects.update_or_create(person_key=by.key, defaults=columns)


def _check(preferences: NoticePreferences) -> None:
    address, domains = preferences.mail_address, settings.MAIL_DOMAINS
    if address:
        check_address(address, where="mail_address")
        if domains and address.rpartition("@")[2].lower() not in domains:
            raise Invalid(
                "Mail does not go to this domain.", where="mail_address", todo=f"Use one of: {', '.join(domains)}."
            )
    if not 0 <= preferences.digest_hour <= 23:
        raise Invalid("An hour is from 0 to 23.", where="digest_hour")
    if (preferences.quiet_from is None) != (preferences.quiet_until is None):
        raise Invalid("Quiet time needs both ends.", where="quiet_until", todo="Give both times, or neither.")
    if preferences.time_zone not in available_timezones():
        raise Invalid("There is no such time zone.", where="time_zone", todo="Write it as Europe/Berlin.")
