"""House rules that no linter knows: the repository speaks of itself alone, and of no machine or registry."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any, Final

from tests.docs.repository import ROOT, files, name_of, read, table

_UPWARD: Final = re.compile(r"(?<![\w.])(?:\.\./)+[\w.-]+(?:/[\w.-]+)*")
# What lies beside the repository where it was planned; the guide is its own account of all that.
_PLANS: Final = re.compile(r"shared/(?:design|reference)\b")
_MACHINE: Final = re.compile(r"(?<![\w.:])/(?:work|root|home|Users)/\w")
_REGISTRIES: Final = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:com|org)|maven\.org|maven\.apache\.org|crates\.io|golang\.org"
    r"|docker\.io|ghcr\.io|quay\.io|(?:www|archive|downloads|repository)\.apache\.org)\b"
)
_IGNORES: Final = re.compile(r"# (?:noqa|pyright: ignore|type: ignore)\b.*")
_WITH_REASON: Final = re.compile(r"# (?:noqa: [A-Z0-9, ]+|(?:pyright|type): ignore\[[\w, -]+\]) [-#] \S.*")
# What tests send to doors that must not follow it.
_ATTACKS: Final = ("/etc/passwd", "/dev/null")


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [f"{name_of(file)}: {found}" for file in files() for found in pattern.findall(read(file))]


def test_no_file_names_a_path_outside_the_repository() -> None:
    outside = [
        f"{name_of(file)}: {path}"
        for file in files()
        for path in _UPWARD.findall(read(file))
        if not path.endswith(_ATTACKS) and not (file.parent / path).resolve().is_relative_to(ROOT)
    ]
    assert not outside
    assert not _found(_PLANS)


def test_no_file_names_a_path_of_one_machine() -> None:
    assert not _found(_MACHINE)


def test_no_file_names_a_registrys_host() -> None:
    assert not _found(_REGISTRIES)


def test_every_check_that_is_switched_off_says_which_and_why() -> None:
    assert _WITH_REASON.fullmatch("# noqa: BLE001 - the leases run out by themselves")
    assert not [found for found in _found(_IGNORES) if not _WITH_REASON.fullmatch(found.partition(": ")[2])]


def test_every_folder_with_python_says_in_one_sentence_what_it_is() -> None:
    folders = {file.parent for file in files() if file.suffix == ".py"}
    assert ROOT / "services/pairing" in folders
    for folder in sorted(folders):
        said = _docstring(folder / "__init__.py")
        assert said.split("\n")[0].endswith("."), f"{name_of(folder)} does not say what it is"


def test_contributing_lists_every_name_that_a_services_files_may_have_from_outside_to_inside() -> None:
    contracts: list[dict[str, Any]] = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    [inside] = [each for each in contracts if each.get("containers") == ["services.*"]]
    depth = {name: at for at, layer in enumerate(inside["layers"]) for name in re.findall(r"\w+", layer)}
    data = {*inside["exhaustive_ignores"], "schema.sql", "README.md"}

    rows = table(read(ROOT / "CONTRIBUTING.md"), "file or folder", "holds")
    said = [name.rstrip("/").removesuffix(".py") for names, _ in rows for name in names.split(", ")]

    assert sorted(said) == sorted(depth.keys() | data)
    inward = [depth[name] for name in said if name in depth]
    assert inward == sorted(inward)


def _docstring(file: Path) -> str:
    assert file.is_file(), f"{name_of(file)} is missing"
    return ast.get_docstring(ast.parse(read(file))) or ""
