"""Bank accounts in free text are found by their check digits, however they are written and whatever country's."""

import json
import re
from pathlib import Path

import pytest

from closeknit.rooms.customers.compute import sensitive
from closeknit.rooms.customers.compute.sensitive import find_sensitive, is_iban

KNOWN = Path(__file__).resolve().parents[6] / "shared" / "known_answers" / "customer.json"
BANK = "an account or card number"
# The registry's own examples (ISO 13616), with different lengths.
EXAMPLES = ["NO9386011117947", "DE89370400440532013000", "GB82WEST12345698765432", "MT84MALT011000012345MTLCAST001S"]


def test_published_check_digits():
    if not KNOWN.exists():
        pytest.skip("the published answers are not on this machine")
    (case,) = [case for case in json.loads(KNOWN.read_text())["cases"] if case["id"] == "priv-03-iban"]
    assert [is_iban(text) for text in case["input"]["ibans"]] == case["expected"]


@pytest.mark.parametrize("number", EXAMPLES)
def test_one_in_a_sentence_is_found_packed_in_fours_and_in_small_letters(number):
    fours = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
    for written in (number, fours, fours.lower()):
        assert is_iban(written)
        for text in (written, f"Pay to {written}.", f"Pay to {written} FROM MAY", f"({written}), says Ann"):
            assert BANK in find_sensitive(text), text
    assert not is_iban(number[:-1] + ("1" if number[-1] != "1" else "2"))


@pytest.mark.parametrize("text", ["Part DE89 370", "Asks for XK12 pallets of A4", "Lane AB12CDEFGHIJKLM is full", ""])
def test_what_only_begins_like_one_is_not_taken_for_one(text):
    assert BANK not in find_sensitive(text)


def test_red_twin_by_its_shape_alone_the_german_one_was_overlooked(monkeypatch):
    monkeypatch.setattr(sensitive, "_IBAN_BEGINS", re.compile("(?!)"))
    assert find_sensitive("DE89370400440532013000") == ()
