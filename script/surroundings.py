"""Find what this machine has of Terraform: the binaries and the providers.

Providers come from folders that contain a folder `registry.terraform.io`: those that the variable
TERRAFORM_MIRRORS lists (separated by ":"), then the usual plug-in folders. What is found goes into
one tree of links below `.build/`, in the unpacked layout, which Terraform links to instead of
copying; packed providers are unpacked there once. Two CLI configurations use the tree, one for each
program; a provider that is nowhere here is left to its registry.

Only the standard library is used: the script runs before anything is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import stat
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
REGISTRY = "registry.terraform.io"
# OpenTofu asks for the same providers under the name of its own registry.
REGISTRIES = {"terraform": REGISTRY, "tofu": "registry.opentofu.org"}
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PLATFORM = f"linux_{ARCHITECTURES.get(platform.machine(), platform.machine())}"
USUAL_FOLDERS = (
    "~/.terraform.d/plugins",
    "~/.local/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
)


@dataclass(frozen=True, order=True)
class Provider:
    """One version of a provider for this platform.

    Attributes:
        name: Namespace and type, such as `hashicorp/aws`.
        version: Its version, such as `5.100.0`.
        place: The folder with the binary, or the zip file that holds it.
    """

    name: str
    version: str
    place: Path


def mirrors() -> list[Path]:
    """Return the folders that are searched for providers, in order, each once.

    Returns:
        Existing and missing folders: a message about a missing provider lists them.
    """
    listed = [part for part in os.environ.get("TERRAFORM_MIRRORS", "").split(":") if part]
    beside = sorted(str(path.parent) for path in Path("/opt").glob(f"*/{REGISTRY}"))
    folders: list[Path] = []
    for text in [*listed, *USUAL_FOLDERS, *beside]:
        folder = Path(text).expanduser().resolve()
        # Someone may name the registry's folder itself.
        folder = folder.parent if folder.name == REGISTRY else folder
        if folder not in folders:
            folders.append(folder)
    return folders


def _version_key(version: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"[.+-]", version))


def providers(folders: Sequence[Path]) -> list[Provider]:
    """Return every provider of this platform; the first folder that has a version wins.

    Args:
        folders: What `mirrors` returned.

    Returns:
        Providers sorted by name, oldest version first.
    """
    found: dict[tuple[str, str], Provider] = {}
    for folder in folders:
        for source in sorted((folder / REGISTRY).glob("*/*")):
            name = f"{source.parent.name}/{source.name}"
            packed = re.compile(rf"terraform-provider-{re.escape(source.name)}_(.+)_{PLATFORM}\.zip")
            for entry in sorted(source.iterdir()):
                match = packed.fullmatch(entry.name)
                if match:
                    found.setdefault((name, match[1]), Provider(name, match[1], entry))
                elif (entry / PLATFORM).is_dir():
                    found.setdefault((name, entry.name), Provider(name, entry.name, entry / PLATFORM))
    return sorted(found.values(), key=lambda found: (found.name, _version_key(found.version)))


def _unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip once, into a folder named by its size and time, and return that."""
    mark = archive.stat()
    target = folder / f"{archive.stem}-{mark.st_size}-{int(mark.st_mtime)}"
    if not target.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder))
        with zipfile.ZipFile(archive) as content:
            content.extractall(work)
        for path in work.iterdir():
            # The archive's permissions are not restored by zipfile; a provider has to be runnable.
            if path.name.startswith(("terraform-provider-", "tofu")):
                path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        work.chmod(0o755)
        work.rename(target)
    return target


def _configuration(program: str, tree: Path, names: Sequence[str]) -> str:
    sources = [f"{REGISTRIES[program]}/{name}" for name in names]
    listed = json.dumps(sources)
    local = f"""  filesystem_mirror {{
    path    = {json.dumps(str(tree))}
    include = {listed}
  }}
"""
    rest = f"""  direct {{
    exclude = {listed}
  }}
"""
    body = local + rest if sources else "  direct {}\n"
    return f"provider_installation {{\n{body}}}\n"


def _replace(path: Path, text: str) -> None:
    work = path.with_name(f"{path.name}.{os.getpid()}")
    work.write_text(text, encoding="utf-8")
    work.replace(path)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the build folder's lock: tests in several processes may come here at once."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_mirrors() -> dict[str, object]:
    """Build the tree of links and both CLI configurations.

    Returns:
        `providers` (name to newest version and its origin), `looked` (folders), `configurations`
        (program to file).
    """
    folders = mirrors()
    found = providers(folders)
    places = {
        f"{entry.name}/{entry.version}": _unpack(entry.place, BUILD / "unpacked")
        if entry.place.suffix == ".zip"
        else entry.place
        for entry in found
    }
    # Named by its content: a tree that a running Terraform reads is never changed.
    digest = hashlib.sha256(repr(places).encode()).hexdigest()[:12]
    configurations: dict[str, str] = {}
    for program, registry in REGISTRIES.items():
        tree = BUILD / "mirror" / digest / program
        for version, place in places.items():
            # OpenTofu follows a link at this last level only.
            link = tree / registry / version / PLATFORM
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(place)
        file = BUILD / f"{program}.rc"
        _replace(file, _configuration(program, tree, sorted({entry.name for entry in found})))
        configurations[program] = str(file)
    return {
        "configurations": configurations,
        "looked": [str(folder) for folder in folders],
        "providers": {entry.name: {"version": entry.version, "from": str(entry.place)} for entry in found},
    }


def write_tools(folders: Sequence[Path]) -> dict[str, str | None]:
    """Find the two programs, unpacking OpenTofu from a folder `bin` beside a mirror where needed.

    Args:
        folders: What `mirrors` returned.

    Returns:
        Program to its path, or None.
    """
    tofu = shutil.which("tofu")
    if tofu is None:
        archives = [
            archive for folder in folders for archive in sorted((folder / "bin").glob(f"tofu_*_{PLATFORM}.zip"))
        ]
        if archives:
            tofu = str(_unpack(archives[-1], BUILD / "unpacked") / "tofu")
    return {"terraform": shutil.which("terraform"), "tofu": tofu}


def main(arguments: Sequence[str] | None = None) -> int:
    """Look round, write `.build/surroundings.json` and say what was found.

    Args:
        arguments: Command line without the program's name.

    Returns:
        Exit status: always 0, since nothing found is an answer too.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["mirrors", "tools"])
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    options = parser.parse_args(arguments)
    with _alone():
        found: dict[str, object] = write_mirrors()
        tools = write_tools(mirrors())
        found["tools"] = tools
        _replace(BUILD / "surroundings.json", json.dumps(found, indent=2, sort_keys=True) + "\n")
    if options.json:
        print(json.dumps(found, indent=2, sort_keys=True))
    elif options.what == "tools":
        for program, path in sorted(tools.items()):
            print(f"{program}={path or ''}")
    else:
        for name, entry in sorted(dict(found["providers"]).items()):  # type: ignore[call-overload]
            print(f"{name} {entry['version']} {entry['from']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
