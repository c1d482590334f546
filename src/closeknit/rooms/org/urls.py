"""Addresses of org's pages."""

from django.urls import path

from closeknit.rooms.org.pages import people, settings, stewards

urlpatterns = [
    path("settings/", settings.list_settings, name="setting-list"),
    path("settings/deviations/", settings.list_deviations, name="deviation-list"),
    path("settings/values/<int:value_id>/end/", settings.end_value, name="setting-value-end"),
    path("settings/values/<int:value_id>/review/", settings.review_value, name="setting-value-review"),
    path("settings/<str:key>/", settings.show_setting, name="setting-detail"),
    path("settings/<str:key>/set/", settings.set_value, name="setting-set"),
    path("people/", people.list_people, name="people"),
    path("people/add/", people.add_person, name="person-add"),
    path("people/<str:key>/", people.show_person, name="person-detail"),
    path("people/<str:key>/rights/", people.change_rights, name="person-rights"),
    path("people/<str:key>/disable/", people.switch_person, {"verb": "disable"}, name="person-disable"),
    path("people/<str:key>/enable/", people.switch_person, {"verb": "enable"}, name="person-enable"),
    path("delegations/add/", people.lend, name="delegation-add"),
    path("delegations/<uuid:delegation_id>/end/", people.take_back, name="delegation-end"),
    path("absences/add/", people.report_away, name="absence-add"),
    path("absences/<uuid:absence_id>/end/", people.come_back, name="absence-end"),
    path("stewards/", stewards.list_stewards, name="steward-list"),
    path("stewards/appoint/", stewards.appoint, name="steward-appoint"),
    path("stewards/<int:stewardship_id>/end/", stewards.end, name="steward-end"),
    path("stewards/sharing/add/", stewards.withhold, name="sharing-rule-add"),
    path("stewards/sharing/<int:rule_id>/end/", stewards.share, name="sharing-rule-end"),
    path("access/", people.show_access, name="access-rules"),
]
