"""Errors say what happened, where, what was kept and what to do, and carry stable codes."""

import pytest

from closeknit.kernel.errors import CloseknitError, Conflict, Denied, Invalid, NotFound

CODES = {
    Invalid: ("invalid", 422),
    NotFound: ("not_found", 404),
    Denied: ("denied", 403),
    Conflict: ("conflict", 409),
}


@pytest.mark.parametrize(("kind", "code"), CODES.items())
def test_codes_are_stable(kind, code):
    failure = kind("It broke.", where="line 7", todo="Mend it.")
    assert isinstance(failure, CloseknitError)
    assert failure.as_problem() == {
        "type": f"urn:closeknit:problem:{code[0]}",
        "title": kind.title,
        "status": code[1],
        "code": code[0],
        "detail": "It broke.",
        "where": "line 7",
        "kept": "Nothing was changed.",
        "todo": "Mend it.",
    }


def test_every_kind_has_a_row_here_and_a_code_of_its_own():
    kinds = CloseknitError.__subclasses__()
    ours = [kind for kind in kinds if kind.__module__ == "closeknit.kernel.errors"]
    assert set(ours) == set(CODES)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_an_error_reads_as_sentences():
    assert str(Invalid("It broke.", where="line 7", todo="Mend it.")) == (
        "It broke. (line 7) Nothing was changed. Mend it."
    )
    assert str(Invalid("It broke.", kept="")) == "It broke."
