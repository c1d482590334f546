"""Where everything is: the lobby's pages, the rooms' pages, and the API. Pages need a signed-in person."""

from importlib import import_module

from django.urls import URLPattern, path

from closeknit.web import pages, sign_in, you
from closeknit.web.api import api

# Some pages have a second name: the one under which django-allauth looks for them.
PUBLIC = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/", sign_in.SignIn.as_view(), name="account_login"),
    path("sign-in/code/", sign_in.EnterCode.as_view(), name="mfa_authenticate"),
    path("sign-in/with/<str:provider_id>/", sign_in.leave, name="openid_connect_login"),
    path("sign-in/with/<str:provider_id>/back/", sign_in.come_back, name="openid_connect_callback"),
]
LOBBY = [
    path("", pages.show_today, name="today"),
    path("tiles/agenda/", pages.show_agenda_tile, name="tile-agenda"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("sign-in/again/", sign_in.AgainByPassword.as_view(), name="account_reauthenticate"),
    path("sign-in/again/code/", sign_in.AgainByCode.as_view(), name="mfa_reauthenticate"),
    path("you/", you.show_you, name="you"),
    path("you/", you.show_you, name="mfa_index"),
    path("you/password/", you.change_my_password, name="you-password"),
    path("you/sessions/end/", you.end_my_sessions, name="you-sessions-end"),
    path("you/tokens/issue/", you.issue_my_token, name="you-token-issue"),
    path("you/tokens/<int:token_id>/revoke/", you.revoke_my_token, name="you-token-revoke"),
    path("you/look/", you.choose_my_look, name="you-look"),
    path("you/views/keep/", you.keep_my_view, name="you-view-keep"),
    path("you/views/<int:view_id>/forget/", you.forget_my_view, name="you-view-forget"),
    path("you/authenticator/", you.SetUpAuthenticator.as_view(), name="mfa_activate_totp"),
    path("you/authenticator/remove/", you.RemoveAuthenticator.as_view(), name="mfa_deactivate_totp"),
    path("you/codes/", you.ShowCodes.as_view(), name="mfa_view_recovery_codes"),
    path("you/codes/new/", you.NewCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("work/", pages.show_work, name="work"),
    path("work/<int:delivery_id>/replay/", pages.replay_dead_letter, name="work-replay"),
    path("tiles/work/", pages.show_work_tile, name="tile-work"),
]
ROOMS_WITH_PAGES = (
    "org",
    "decisions",
    "privacy",
    "sensing",
    "customers",
    "agreements",
    "demand",
    "capacity",
    "outcomes",
)


def _rooms() -> list[URLPattern]:
    return [
        pattern for room in ROOMS_WITH_PAGES for pattern in import_module(f"closeknit.rooms.{room}.urls").urlpatterns
    ]


def _guarded(patterns: list[URLPattern]) -> list[URLPattern]:
    for pattern in patterns:
        pattern.callback = pages.signed_in(pattern.callback)
    return patterns


urlpatterns = [path("api/v1/", api.urls), *PUBLIC, *_guarded([*LOBBY, *_rooms()])]

handler400 = "closeknit.web.faults.show_bad_request"
handler404 = "closeknit.web.faults.show_not_found"
handler403 = "closeknit.web.faults.show_forbidden"
handler500 = "closeknit.web.faults.show_failure"
