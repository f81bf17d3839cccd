"""Files for reviewed plans in pull requests: scripts beside the topology, and what has code hosts call them."""

import os
import re
from pathlib import Path

import msgspec

from generator import __version__
from generator.errors import InputError
from generator.init.files import create, refuse_existing
from generator.init.ignored import NAME, ignored_text
from generator.paths import TEMPLATES

_SCRIPTS = ("plan", "apply", "comment", "fetch")
_CALLERS = {
    "github": ("github/carbonio.yml", ".github/workflows/@@name@@.yml"),
    "gitlab": ("gitlab/gitlab-ci.yml", ".gitlab-ci.yml"),
    "atlantis": ("atlantis/atlantis.yaml", "atlantis.yaml"),
}
HOSTS = (*_CALLERS, "shell")

_TERRAFORM = "1.11.4"
"""What the pipelines install; the templates were tried with it."""

_FAIL_ON = "destroy-stateful,new-internet-exposure,management-widened,management-narrowed,mail-dns,plan-disagrees"
"""What no later change takes back; docs/pull-requests.md says why for each."""

# A folder's name stands in YAML, and in patterns of paths; the topology's in a shell script.
_PLAIN_FOLDER = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
_PLAIN_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class NewFile(msgspec.Struct, frozen=True):
    """A file to be made."""

    path: Path
    text: str
    executable: bool


def plan_files(host: str, topology: Path, name: str) -> list[NewFile]:
    """Return what makes pull requests show reviewed plans.

    Args:
        host: One of `HOSTS`.
        topology: Its file.
        name: Of the deployment.

    Raises:
        InputError: The name of the folder or of the topology cannot stand in the files.
    """
    folder = topology.parent
    top = _repository(folder)
    inside = folder.resolve().relative_to(top.resolve()).as_posix()
    if inside != "." and not _PLAIN_FOLDER.fullmatch(inside):
        raise InputError(
            f'"{inside}" has characters that mean something in the patterns of code hosts',
            "Rename the folder: letters, digits, dots, hyphens and underscores do.",
        )
    if not _PLAIN_FILE.fullmatch(topology.name):
        raise InputError(
            f'"{topology.name}" has characters that mean something in shell scripts',
            "Rename the topology: letters, digits, dots, hyphens and underscores do.",
        )
    templates = TEMPLATES / "ci"
    scripts = [(folder / "ci" / one, templates / "scripts" / one, True) for one in _SCRIPTS]
    scripts.append((folder / "ci" / "common", templates / "scripts" / "common", False))
    scripts.append((folder / "ci" / ".gitignore", templates / "scripts" / "gitignore", False))
    if host in _CALLERS:
        source, target = _CALLERS[host]
        scripts.append((top / target.replace("@@name@@", name), templates / source, False))
    prefix = "" if inside == "." else f"{inside}/"
    values = {
        "topology": topology.name,
        "name": name,
        "folder": inside,
        "prefix": prefix,
        "glob": f"{prefix}**",
        "glob_gitlab": f"{prefix}**/*",
        "version": __version__,
        "terraform": _TERRAFORM,
        "fail_on": _FAIL_ON,
    }
    files = [NewFile(path, _filled(source, values), executable) for path, source, executable in scripts]
    ignored = ignored_text(folder)
    return [*files, NewFile(folder / NAME, ignored, executable=False)] if ignored else files


def write_files(files: list[NewFile]) -> list[Path]:
    """Write the files that are not there yet, all or none.

    Returns:
        What was written.

    Raises:
        InputError: Another file is in the way; nothing was written.
        SurroundingsError: A folder cannot be written.
    """
    new = [file for file in files if not _same(file)]
    for file in new:
        refuse_existing(file.path)
    for file in new:
        create(file.path, file.text)
        if file.executable:
            mode = file.path.stat().st_mode
            # Whoever may read it may run it.
            file.path.chmod(mode | (mode & 0o444) >> 2)
    return [file.path for file in new]


def _same(file: NewFile) -> bool:
    try:
        return not file.path.is_symlink() and file.path.read_text("utf-8") == file.text
    except (OSError, UnicodeDecodeError):
        return False


def _repository(folder: Path) -> Path:
    """Return the top of the git repository around a folder, or the folder itself."""
    absolute = folder.resolve()
    for one in (absolute, *absolute.parents):
        if os.path.lexists(one / ".git"):
            return folder if one == absolute else one
    return folder


def _filled(source: Path, values: dict[str, str]) -> str:
    text = source.read_text("utf-8")
    return re.sub(r"@@([a-z_]+)@@", lambda found: values[found[1]], text)
