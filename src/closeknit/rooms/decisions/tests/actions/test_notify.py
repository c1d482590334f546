"""Notices: one cause, one notice for each person, in the transaction of the change."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.errors import Invalid
from closeknit.kernel.scope import acting_as
from closeknit.rooms.decisions.actions.notify import notify_people, settle_notices
from closeknit.rooms.decisions.models import Notice
from closeknit.rooms.org.reads import system_actor

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def tell(*people, cause="proposal:1", title="A plan waits", link="/inbox/", urgent=False, **more):
    notify_people(
        to=people,
        cause=cause,
        title=title,
        body=more.pop("body", "Body."),
        link=link,
        urgent=urgent,
        thread_id=ids.new_id(),
        by=system_actor(),
        at=more.pop("at", AT),
        **more,
    )


def test_each_person_gets_one_notice_and_programs_get_none():
    tell("person:1", "person:2", "person:1", "system", "console")
    assert sorted(Notice.objects.values_list("person_key", "updates")) == [("person:1", 1), ("person:2", 1)]


def test_a_repeat_counts_up_on_the_same_notice_and_makes_it_unread_again():
    tell("person:1")
    Notice.objects.update(read_at=AT, routed_updates=1)
    tell("person:1", title="It still waits", urgent=True)
    notice = Notice.objects.get()
    assert (notice.updates, notice.title, notice.is_urgent, notice.read_at) == (2, "It still waits", True, None)
    tell("person:1", cause="proposal:2")
    assert Notice.objects.count() == 2


def test_a_title_is_one_line_whatever_was_given():
    tell("person:1", title="Hurry\r\nBcc: all@example.org\u2028now")
    assert Notice.objects.get().title == "Hurry Bcc: all@example.org now"


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/", "//elsewhere.example", "inbox/", "/\\elsewhere", "/a b"]
)
def test_a_link_never_leads_out_of_the_application(link):
    with pytest.raises(Invalid):
        tell("person:1", link=link)
    assert not Notice.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_notice_goes_with_the_change_that_fails():
    def change_that_fails():
        with transaction.atomic():
            tell("person:1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_that_fails()
    assert not Notice.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nobody_is_told():
    with pytest.raises(RuntimeError):
        tell("person:1")


def test_who_sees_few_accounts_tells_and_settles_what_stands_about_others(bob, carol, accounts):
    tell(carol.key, account_number="BOLT")
    with acting_as(bob):
        assert not Notice.objects.exists(), "the red twin: without the elevation the upsert would meet a hidden row"
        tell(carol.key, account_number="ACME", title="Again")
    notice = Notice.objects.get()
    assert (notice.updates, notice.account_number) == (2, "ACME")
    Notice.objects.update(account_number="BOLT")
    with acting_as(bob):
        settle_notices(cause="proposal:1", by=bob, at=AT)
    assert Notice.objects.get().read_at == AT


def test_a_matter_that_is_over_is_read():
    tell("person:1", "person:2")
    tell("person:1", cause="proposal:2")
    settle_notices(cause="proposal:1", by=system_actor(), at=AT)
    assert list(Notice.objects.filter(read_at=None).values_list("cause", flat=True)) == ["proposal:2"]
