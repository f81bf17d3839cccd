"""Whether a file of the operator's own says already where the state is kept: Terraform takes one backend."""

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from generator.errors import InputError
from generator.files import BACKEND_NAME

_HCL = re.compile(
    r"""^(?P<before>[ \t]*(?:terraform[ \t]*\{[ \t]*)?)(?:backend[ \t]+"?[a-z0-9_-]+"?|cloud)[ \t]*\{""", re.MULTILINE
)


def refuse_second_backend(folder: Path, ours: Collection[str]) -> None:
    """Refuse a folder whose other files choose a backend, where we write one.

    Files that override others (`override.tf`, `*_override.tf`) may: that is what they are for.

    Args:
        folder: Of the Terraform; it need not exist.
        ours: Paths that are generated.

    Raises:
        InputError: There is such a file.
    """
    if BACKEND_NAME not in ours:
        return
    found = next(_backends(folder, ours), "")
    if found:
        raise InputError(
            f"{found} chooses a backend, and so does state in the topology: Terraform takes one; nothing was written",
            "Remove one of them. To replace ours on one machine alone, name the file backend_override.tf.",
        )


def _backends(folder: Path, ours: Collection[str]) -> Iterator[str]:
    paths = sorted(folder.glob("*.tf")) + sorted(folder.glob("*.tf.json")) if folder.is_dir() else []
    for path in paths:
        stem = path.name.removesuffix(".json").removesuffix(".tf")
        if path.name in ours or stem == "override" or stem.endswith("_override"):
            continue
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            # Terraform will say what is wrong with it.
            continue
        line = _line_in_json(text) if path.suffix == ".json" else _line_in_hcl(text)
        if line:
            yield f"{path}:{line}"


def _line_in_hcl(text: str) -> int:
    match = _HCL.search(re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), text, flags=re.DOTALL))
    return text.count("\n", 0, match.end("before")) + 1 if match is not None else 0


def _line_in_json(text: str) -> int:
    try:
        content = json.loads(text)
    except ValueError:
        return 0
    blocks = content.get("terraform", {}) if isinstance(content, dict) else {}
    several = blocks if isinstance(blocks, list) else [blocks]
    return int(any(isinstance(one, dict) and {"backend", "cloud"} & one.keys() for one in several))
