"""Pages of privacy."""

from django.urls import path

from closeknit.rooms.privacy.pages import consents, copies, keeping

urlpatterns = [
    path("privacy/", consents.show_purposes, name="privacy"),
    path("privacy/purposes/adopt/", consents.adopt, name="purpose-adopt"),
    path("privacy/consents/", consents.show_subject, name="privacy-subject"),
    path("privacy/consents/record/", consents.record, name="consent-record"),
    path("privacy/receipts/<uuid:receipt_id>/", consents.show_receipt, name="consent-receipt"),
    path("privacy/requests/", keeping.show_requests, name="privacy-requests"),
    path("privacy/requests/record/", keeping.record, name="data-request-record"),
    path("privacy/requests/<uuid:request_id>/extend/", keeping.extend, name="data-request-extend"),
    path("privacy/requests/<uuid:request_id>/close/", keeping.close, name="data-request-close"),
    path("privacy/holds/", keeping.show_holds, name="privacy-holds"),
    path("privacy/holds/place/", keeping.place, name="hold-place"),
    path("privacy/holds/<uuid:hold_id>/release/", keeping.release, name="hold-release"),
    path("privacy/keeping/", keeping.show_keeping, name="privacy-keeping"),
    path("privacy/keeping/adopt/", keeping.adopt, name="retention-adopt"),
    path("privacy/keeping/erase/", keeping.erase, name="subject-erase"),
    path("privacy/copies/", copies.show_copies, name="privacy-copies"),
    path("privacy/copies/draw/", copies.draw, name="copy-draw"),
    path("tiles/account-privacy/", consents.show_account_tile, name="tile-account-privacy"),
]
