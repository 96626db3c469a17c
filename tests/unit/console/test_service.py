"""The service as data: its pages are what its README tells and safe to build, and nothing is inline."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from services.console import app
from services.console.pages import PAGES, Files

FOLDER = Path(app.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))


def test_the_readme_names_every_page() -> None:
    for page in PAGES:
        path = page.path.replace("{name}", "…").removeprefix("/pairs/{pair_id}")
        assert path in README or page.path in {"/", "/{rest:path}"}, page.path


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_nothing_is_inline_and_nothing_comes_from_another_host(template: Path) -> None:
    html = template.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|https?://", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    assert "|safe" not in html
    assert "autoescape" not in html


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_template_can_be_read_and_every_person_stands_in_bdi(template: Path) -> None:
    tree = Environment(autoescape=True).parse(template.read_text(encoding="utf-8"))
    assert list(tree.find_all(nodes.Output)) or list(tree.find_all(nodes.Macro))
    html = template.read_text(encoding="utf-8")
    shown = re.findall(r"{{ *(?:each\.)?(?:couple\.)?(?:mentor|mentee|viewer)\.name[^}]*}}", html)
    # Names outside of bdi are the hidden ends of buttons' words, which are text alone.
    assert all("or " in each for each in shown)


def test_every_press_is_its_own_row_and_every_address_is_served_once() -> None:
    rows = [(page.method, page.path) for page in PAGES]
    assert len(rows) == len(set(rows))
    assert len({page.name for page in PAGES}) == len(PAGES)
    assert PAGES[-1].path == "/{rest:path}"


def test_the_stylesheet_asks_nobody_else_for_anything() -> None:
    css = (FOLDER / "static" / "console.css").read_text(encoding="utf-8")
    assert all(address.startswith("data:image/svg+xml") for address in re.findall(r'url\("([^"]+)', css))
    assert "@import" not in css


def test_a_file_is_named_after_its_content() -> None:
    one, other = (Files({"a.css": content}).address("a.css") for content in (b"a{}", b"b{}"))
    assert one != other
    assert re.fullmatch(r"/static/a\.[0-9a-f]{12}\.css", one)
