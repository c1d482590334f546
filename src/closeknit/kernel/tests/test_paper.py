"""Papers: every word is on some page, in order, whatever the letters, and tables say their header on each page."""

import io

from pypdf import PdfReader

from closeknit.kernel.paper import Heading, Sentence, Table, make_pdf, text_width, wrap


def texts(drawn: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(drawn)).pages]


def test_a_long_table_goes_on_over_pages_under_its_header():
    rows = tuple((f"R{number}", "something <odd> & long " * 6) for number in range(150))
    drawn = make_pdf("A title", [Heading("Part"), Table(("Key", "Words"), rows, (0.3, 0.7))])
    pages = texts(drawn)
    assert len(pages) > 2
    assert all("Key" in page and f"{number} of {len(pages)}" in page for number, page in enumerate(pages, 1))
    whole = " ".join(pages)
    assert all(f"R{number} " in whole for number in range(150))
    assert "<odd> &" in whole
    assert PdfReader(io.BytesIO(drawn)).metadata.title == "A title"


def test_letters_that_xml_cannot_hold_and_an_empty_paper_do_no_harm():
    assert "odd" in texts(make_pdf("T", [Sentence("odd \x00\x0b\ud800 letters \u00e9\u0159")]))[0]
    assert len(texts(make_pdf("", []))) == 1


def test_lines_are_no_wider_than_they_may_be_and_no_word_is_lost():
    text = "one two three " * 20 + "x" * 300 + " end"
    lines = wrap(text, 9, 120)
    assert all(text_width(line, 9) <= 120 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
