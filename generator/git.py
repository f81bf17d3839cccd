"""Files of a folder as git has them in a commit."""

import subprocess
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from generator.errors import InputError, SurroundingsError

_MOST_BYTES = 4 * 1024 * 1024
"""Of one file; nothing that a topology needs is larger."""

_REGULAR = ("100644", "100755")
_LINK = "120000"

_ELSE = "Name with --base what to compare with: a folder, or a topology."
_FETCH = (
    "Where a pipeline's clone is shallow or of one branch: git fetch --unshallow origin, and "
    "git fetch origin main:refs/remotes/origin/main. Or name a folder or a topology."
)


class Extracted(NamedTuple):
    """A folder as it was.

    Attributes:
        commit: That of the reference, or where the work left it.
        forked: The work left it; None where the history that is here does not tell.
        folder: Where the files are.
        links: Names of the symbolic links in the folder; they are not followed.
    """

    commit: str
    forked: bool | None
    folder: Path
    links: frozenset[str]


def extract(ref: str, folder: Path, target: Path) -> Extracted:
    """Write the files of a folder as they are in a commit.

    Compared with a branch, a change starts where it left that branch: where history says so, that commit is taken.

    Args:
        ref: A commit, branch or tag.
        folder: In a work tree of git; it need not be there in the commit.
        target: An empty folder for the files.

    Raises:
        InputError: The folder is in no work tree, or git does not know the commit.
        SurroundingsError: There is no git.
    """
    where = folder.resolve()
    place = next(one for one in (where, *where.parents) if one.is_dir())
    root = Path(
        _git(place, "rev-parse", "--show-toplevel", why=f"{folder} is in no work tree of git", mend=_ELSE).strip()
    )
    commit, forked = _commit(place, ref)
    prefix = PurePosixPath(where.relative_to(root).as_posix())
    listing = _git(root, "ls-tree", "-r", "-z", "-l", commit, "--", f"{prefix}/" if str(prefix) != "." else ".")
    blobs, links = [], set()
    for entry in filter(None, listing.split("\0")):
        facts, _, name = entry.partition("\t")
        mode, _, blob, size = facts.split()
        if mode in _REGULAR and int(size) <= _MOST_BYTES and ".." not in PurePosixPath(name).parts:
            blobs.append((name, blob))
        elif mode == _LINK and PurePosixPath(name).parent == prefix:
            links.add(PurePosixPath(name).name)
    for name, data in zip((name for name, _ in blobs), _contents(root, [blob for _, blob in blobs]), strict=True):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return Extracted(commit, forked, target / prefix, frozenset(links))


def _commit(where: Path, ref: str) -> tuple[str, bool | None]:
    unknown = f'"{ref}" is neither a file, a folder nor a commit that git has here'
    tip = _git(
        where, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", why=unknown, mend=_FETCH
    ).strip()
    # In a clone without history both may have no common commit here.
    fork = _run(where, "merge-base", tip, "HEAD")
    found = fork.stdout.decode().strip() if fork.returncode == 0 else tip
    return found, found != tip if fork.returncode == 0 else None


def _contents(root: Path, blobs: list[str]) -> list[bytes]:
    if not blobs:
        return []
    out = _run(root, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in blobs).encode()).stdout
    found, place = [], 0
    for _ in blobs:
        end = out.index(b"\n", place)
        size = int(out[place:end].split()[2])
        found.append(out[end + 1 : end + 1 + size])
        place = end + 1 + size + 1
    return found


def _git(where: Path, *arguments: str, why: str = "", mend: str = "") -> str:
    ended = _run(where, *arguments)
    if ended.returncode != 0:
        said = " ".join(ended.stderr.decode(errors="replace").split())
        raise InputError(": ".join(filter(None, (why or f"git {arguments[0]} failed", said))), mend)
    return ended.stdout.decode("utf-8", "surrogateescape")


def _run(where: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "-C", str(where), *arguments], input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise SurroundingsError("git is not installed here", "Install it, or name a folder: --base DIR.") from None
