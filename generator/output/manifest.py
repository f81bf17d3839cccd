"""The manifest: which files of the folder are ours, and what we wrote."""

import hashlib
from pathlib import Path

import msgspec

from generator.errors import InputError
from generator.files import json_bytes

MANIFEST_NAME = ".generated.json"
GUARD_NAME = "generate-interrupted.tf"

GUARD = b"""\
# This file exists while generate writes. Finding it means that generate was interrupted:
# run it again, and it completes what is missing and removes this file.
variable "generate_was_interrupted" {
  type    = bool
  default = true

  validation {
    condition     = !var.generate_was_interrupted
    error_message = "generate was interrupted: run it again."
  }
}
"""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Digests by path.

    Attributes:
        files: What was written.
        pending: What an interrupted run was about to write; an empty digest for a removal.
    """

    format: int = 1
    files: dict[str, str] = {}
    pending: dict[str, str] = {}

    def dump(self) -> bytes:
        """Return the bytes of the file."""
        return json_bytes(self)

    def wrote(self, path: str, digest_of: str) -> bool:
        """Tell whether content with this digest at this path is ours."""
        return digest_of in (self.files.get(path), self.pending.get(path))


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a folder, an empty one where there is none.

    Raises:
        InputError: The file was damaged.
    """
    path = folder / MANIFEST_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return Manifest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} is damaged: {error}",
            "Restore it from version control, or remove it and run generate --force to take the files over.",
        ) from None
