"""`.gitignore` beside the topology: what Terraform leaves does not belong into git."""

import os
from pathlib import Path

from generator.paths import TEMPLATES

NAME = ".gitignore"


def ignored_text(folder: Path) -> str:
    """Return what the file has to say; nothing where one is there, for what it leaves out is its owner's affair."""
    return "" if os.path.lexists(folder / NAME) else (TEMPLATES / "gitignore").read_text("utf-8")
