"""Every example printed on a method's page is run."""

import doctest
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "methods"
PAGES = sorted(FOLDER.glob("*.md"))


def examples_of(page: Path) -> doctest.DocTest:
    """The page's examples; a fence ends an answer as an empty line does."""
    lines = page.read_text(encoding="utf-8").splitlines()
    text = "\n".join("" if line.lstrip().startswith("```") else line for line in lines)
    return doctest.DocTestParser().get_doctest(text, {}, page.stem, str(page), 0)


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_examples_on_the_page_hold(page: Path) -> None:
    examples = examples_of(page)
    assert examples.examples, f"{page.name} prints no example that runs: show one as >>> lines"
    told: list[str] = []
    outcome = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples, out=told.append)
    assert outcome.failed == 0, "".join(told)


def test_a_wrong_answer_on_a_page_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "wrong.md"
    page.write_text("```python\n>>> 1 + 1\n3\n```\n", encoding="utf-8")
    assert doctest.DocTestRunner().run(examples_of(page), out=lambda _: None).failed == 1


def test_pages_are_found() -> None:
    assert PAGES, f"no page in {FOLDER}"
