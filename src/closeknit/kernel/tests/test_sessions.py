"""Sessions: kept under the hash of their key, ended when idle, when old, and by command."""

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY

from closeknit.kernel import clock, sessions
from closeknit.kernel.models import Session
from closeknit.kernel.sessions import SessionStore, end_sessions, hash_key, list_sessions

pytestmark = pytest.mark.django_db


@pytest.fixture
def later(monkeypatch):
    """Let time pass."""
    passed = timedelta()
    now = clock.now

    def let_pass(**time):
        nonlocal passed
        passed += timedelta(**time)

    monkeypatch.setattr(clock, "now", lambda: now() + passed)
    return let_pass


def begin(user_id: int = 1) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = str(user_id)
    session.note_place("192.0.2.7", "Browser 1.0\n")
    session.save()
    return session


def is_there(session: SessionStore) -> bool:
    return SessionStore(session.session_key).get(SESSION_KEY) is not None


def test_the_table_holds_no_key_that_opens_a_session():
    session = begin()
    row = Session.objects.get()
    assert row.session_key == hash_key(session.session_key)
    assert session.session_key not in str(vars(row))
    assert SessionStore(row.session_key[:32]).get(SESSION_KEY) is None
    assert is_there(session)


def test_a_session_ends_when_it_is_idle(later, settings):
    settings.SESSION_COOKIE_AGE = 1800
    session = begin()
    later(minutes=29)
    assert is_there(session)
    later(minutes=2)
    assert not is_there(session)


def test_use_keeps_it_alive_but_never_longer_than_half_a_day(later, settings):
    settings.SESSION_COOKIE_AGE = 1800
    session, minutes = begin(), 0
    while is_there(session):
        session = SessionStore(session.session_key)
        session.load()
        session.touch()
        if session.modified:
            session.save()
        later(minutes=20)
        minutes += 20
    assert 11 * 60 < minutes <= 12 * 60


def test_a_new_key_does_not_make_it_younger(later, settings):
    settings.SESSION_COOKIE_AGE = 10**6
    session = begin()
    later(hours=11)
    session.cycle_key()
    assert is_there(session)
    later(hours=2)
    assert not is_there(session)


def test_being_there_is_written_once_a_minute(later):
    session = begin()
    session.modified = False
    later(seconds=59)
    session.touch()
    assert not session.modified
    later(seconds=2)
    session.touch()
    assert session.modified


def test_the_list_says_where_without_telling_the_key():
    here, _, _ = begin(), begin(), begin(user_id=2)
    found = list_sessions(1, here=here.session_key)
    assert [card.is_here for card in sorted(found, key=lambda card: not card.is_here)] == [True, False]
    assert {(card.address, card.browser) for card in found} == {("192.0.2.7", "Browser 1.0")}
    assert here.session_key not in str(found)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) Version/18 Safari/604.1", "Safari on iPhone"),
        ("python-requests/2.34\r\nforged", "python-requests/2.34forged"),
        ("", ""),
    ],
)
def test_a_browser_is_named_as_a_person_would(said, name):
    assert sessions.name_of(said) == name


def test_one_session_ends_or_all_but_this_one_and_nobody_elses():
    here, there, more, others = begin(), begin(), begin(), begin(user_id=2)
    assert end_sessions([1], handle=hash_key(there.session_key)[:16]) == 1
    assert not is_there(there)
    assert end_sessions([1], handle=hash_key(others.session_key)[:16]) == 0
    assert end_sessions([1], but=here.session_key) == 1
    assert [is_there(s) for s in (here, more, others)] == [True, False, True]


def test_another_persons_session_begins_anew(later, settings):
    settings.SESSION_COOKIE_AGE = 10**6
    session = begin()
    later(hours=11)
    session[SESSION_KEY] = "2"
    session.save()
    later(hours=11)
    assert is_there(session)
    assert Session.objects.get().user_id == 2


def test_what_is_over_is_deleted(later):
    begin()
    later(days=1)
    begin()
    SessionStore.clear_expired()
    assert Session.objects.count() == 1


def test_red_twin_a_plain_key_in_the_table_would_open_a_session(monkeypatch):
    monkeypatch.setattr(sessions, "hash_key", lambda key: key or "")
    begin()
    assert SessionStore(Session.objects.get().session_key).get(SESSION_KEY) is not None
