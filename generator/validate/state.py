"""Where Terraform's state is kept: whether the backend has what it needs, and nothing that it does not know."""

import re
from collections.abc import Iterator

import msgspec

from generator.context import Context
from generator.problems import Finding

_KEYS = {
    "local": (),
    "s3": ("bucket", "key", "region", "endpoint"),
    "gitlab": ("project", "server", "name"),
    "http": ("address", "update_method", "lock_address", "lock_method", "unlock_address", "unlock_method"),
}
_AS_IN = {
    "bucket": "state: {backend: s3, bucket: example-terraform, region: eu-central-1}",
    "region": "state: {backend: s3, bucket: example-terraform, region: eu-central-1}",
    "project": "state: {backend: gitlab, project: operations/mail}",
    "address": "state: {backend: http, address: https://states.example.com/mail}",
}
_THIS_MACHINE = re.compile(r"http://(?:localhost|127\.[0-9.]+)(?:[:/]|$)")


def check_state(context: Context) -> Iterator[Finding]:
    """The keys of the backend that was chosen, and how the state travels."""
    asked = context.topology.state
    written = {name: value for name, value in msgspec.structs.asdict(asked).items() if value and name != "backend"}
    yield from _foreign(asked.backend, list(written))
    for key in _needed(context):
        if key not in written:
            yield Finding(
                "missing-state-key",
                ("state",),
                f"state.{key} is missing: the backend {asked.backend} needs it",
                f"As in: {_AS_IN[key]}",
            )
    for key, value in written.items():
        if str(value).startswith("http://") and key in _KEYS[asked.backend] and not _THIS_MACHINE.match(value):
            yield Finding(
                "state-in-clear",
                ("state", key),
                f"{value} is asked without encryption: whoever listens reads the state and the credentials for it",
                "Use https.",
                "warning",
            )
    if asked.backend == "http" and asked.address and not asked.lock_address:
        yield Finding(
            "state-without-lock",
            ("state",),
            "nothing locks the state: two applies at one time would leave a state that fits neither",
            "Add lock_address, where the server can lock.",
            "warning",
        )


def _foreign(backend: str, written: list[str]) -> Iterator[Finding]:
    if backend == "local" and written:
        [owner] = [name for name, keys in _KEYS.items() if written[0] in keys]
        why = f"state names its {written[0]}, and its backend is local: a file in the folder"
        yield Finding("key-not-for-backend", ("state",), why, f"Write backend: {owner}, or remove the key.", key=True)
        return
    for key in written:
        if key not in _KEYS[backend]:
            why = f"{key} means nothing to the backend {backend}"
            yield Finding("key-not-for-backend", ("state", key), why, "Remove the key.", key=True)


def _needed(context: Context) -> Iterator[str]:
    asked = context.topology.state
    if asked.backend == "s3":
        yield "bucket"
        if not asked.endpoint and not context.capabilities.s3_regions:
            yield "region"
    elif asked.backend == "gitlab":
        yield "project"
    elif asked.backend == "http":
        yield "address"
