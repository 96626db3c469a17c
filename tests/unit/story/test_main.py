"""Whether the story was told in a data folder."""

from pathlib import Path

import pytest

from deploy.local.folder import DataFolder
from deploy.story.main import HalfTold, told_before


def a_folder(tmp_path: Path, kept: str | None) -> DataFolder:
    folder = DataFolder.make(tmp_path / "data")
    if kept is not None:
        (folder.path / "story.json").write_text(kept)
    return folder


def test_a_new_folder_has_no_story(tmp_path: Path) -> None:
    assert told_before(a_folder(tmp_path, None)) is None


def test_a_story_that_was_told_is_remembered_with_what_was_acknowledged(tmp_path: Path) -> None:
    kept = '{"state": "told", "done": {"pairs proposed": 84}, "stops": 184, "said_for_same_files": 0}'
    told = told_before(a_folder(tmp_path, kept))
    assert told is not None
    assert (told.done, told.stops, told.said_for_same_files) == ({"pairs proposed": 84}, 184, 0)


def test_a_story_that_was_interrupted_is_not_told_again_over_its_own_beginning(tmp_path: Path) -> None:
    with pytest.raises(HalfTold, match="osler reset"):
        told_before(a_folder(tmp_path, '{"state": "begun"}'))
