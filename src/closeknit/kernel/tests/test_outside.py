"""What is kept outside the database: whole lines, torn ends, keys that only their owner reads."""

import pytest

from closeknit.kernel.errors import Conflict
from closeknit.kernel.outside import OutsideLog
from closeknit.kernel.signatures import is_signed_by, load_or_make_key


def test_lines_come_back_in_order_and_the_last_one_alone(tmp_path):
    log = OutsideLog([tmp_path / "a", tmp_path / "b"], "lines.jsonl")
    own, copy = log.paths
    assert log.read_all(own) == log.read_last(own) == []
    log.append(own, [{"n": 1}, {"n": 2, "text": "ü\n"}])
    log.append(own, [{"n": 3}])
    log.append(copy, [])
    assert [r["n"] for r in log.read_all(own)] == [1, 2, 3]
    assert log.read_last(own) == [{"n": 3}]
    assert not copy.exists()


@pytest.mark.parametrize("torn", [b'{"n": 4', b"{", b'{"n": 4}'])
def test_a_torn_end_is_not_there_and_is_overwritten(tmp_path, torn):
    log = OutsideLog([tmp_path], "lines.jsonl")
    (path,) = log.paths
    log.append(path, [{"n": 1}])
    path.write_bytes(path.read_bytes() + torn)
    assert log.read_last(path) == log.read_all(path) == [{"n": 1}]
    log.append(path, [{"n": 5}])
    assert log.read_all(path) == [{"n": 1}, {"n": 5}]


def test_an_unreadable_line_is_said(tmp_path):
    log = OutsideLog([tmp_path], "lines.jsonl")
    (path,) = log.paths
    path.write_bytes(b'scribble\n{"n": 1}\n')
    assert log.read_last(path) == [{"n": 1}]
    with pytest.raises(Conflict, match="cannot be read"):
        log.read_all(path)
    path.write_bytes(b"scribble\n")
    with pytest.raises(Conflict, match="cannot be read"):
        log.read_last(path)


def test_a_key_is_made_once_and_signs(tmp_path):
    path = tmp_path / "deep" / "key"
    key = load_or_make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["key"]
    again = load_or_make_key(path)
    assert again.public == key.public
    signature = key.sign(b"message")
    assert is_signed_by(again.public, b"message", signature)
    assert not is_signed_by(again.public, b"massage", signature)
    assert not is_signed_by(again.public, b"message", signature[:-1])
    assert not is_signed_by(b"short", b"message", signature)


def test_a_damaged_or_open_key_is_refused(tmp_path):
    path = tmp_path / "key"
    load_or_make_key(path)
    path.chmod(0o640)
    with pytest.raises(Conflict, match="read by others"):
        load_or_make_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(Conflict, match="damaged"):
        load_or_make_key(path)
