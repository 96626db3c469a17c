"""Where this checkout keeps its data; refuses to make a folder for a command that only looks."""

import os
from pathlib import Path

from deploy.local.folder import DataFolder


def data_path() -> Path:
    """`OSLER_DATA`, or `.osler` in the current folder."""
    return Path(os.environ.get("OSLER_DATA") or ".osler").absolute()


def data_folder() -> DataFolder:
    """The data folder as it is."""
    return DataFolder(data_path())
