"""Public SSH keys: as text, or out of a file."""

import re
import stat
from pathlib import Path

from generator.kinds import PUBLIC_KEY
from generator.question import shown

_MOST_BYTES = 65_536
_TEXT = re.compile(r"(?:ssh-|ecdsa-|sk-)\S* ")
USUAL = "~/.ssh/id_ed25519.pub"
"""Where most administrators have theirs."""


def read_keys(text: str) -> tuple[str, ...]:
    """Return the keys of an answer: a key itself, or all keys of the file that it names, one or the other in a line.

    Raises:
        ValueError: What it names is no file with public keys; in one sentence.
    """
    if "\n" in text and "PRIVATE KEY" not in text:
        return tuple(dict.fromkeys(key for line in text.splitlines() for key in read_keys(line)))
    if "PRIVATE KEY" in text:
        raise ValueError("this is a private key (not shown): name the file that ends in .pub")
    if _TEXT.match(text):
        return (_key(text.strip(), ""),)
    found = tuple(_key(line, f" of {shown(text)}") for line in _lines(text))
    if not found:
        raise ValueError(f"there is no key in {shown(text)}")
    return found


def usual_key() -> str:
    """Return the name of the file with the operator's own key, where there is one that can be used."""
    try:
        read_keys(USUAL)
    except ValueError:
        return ""
    return USUAL


def _lines(name: str) -> list[str]:
    try:
        path = Path(name).expanduser()
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError(f"{shown(name)} is not a file")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        text = content.decode()
    except OSError as error:
        raise ValueError(
            f"{shown(name)} is neither a public key nor a file that can be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise ValueError(f"{shown(name)} is not text") from None
    except RuntimeError:
        raise ValueError(f"{shown(name)} is in the home of a user who has none") from None
    if "PRIVATE KEY" in text:
        raise ValueError(f"{shown(name)} holds a private key: name the file that ends in .pub")
    if len(content) > _MOST_BYTES:
        raise ValueError(f"{shown(name)} has more than {_MOST_BYTES} bytes")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _key(line: str, origin: str) -> str:
    try:
        return str(PUBLIC_KEY.parse(line))
    except ValueError as reason:
        why = f": {reason}" if str(reason) else ""
        raise ValueError(f"{shown(line)}{origin} is not {PUBLIC_KEY.expected}{why}") from None
