"""Kinds of scalars that say where Terraform's state is kept.

They end up as text in HCL, which a backend's settings are: none of them admits a quote, a backslash or a brace.
"""

import re

from generator.kinds import remedies
from generator.kinds.kind import Kind, written
from generator.problems import holds_secret


def _plain(expected: str, pattern: str, usual: str, remedy: remedies.Remedy | None = None) -> Kind:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return Kind(expected, parse, pattern=pattern, remedy=remedy, schema=written(pattern), usual=usual)


_BUCKET = r"[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, of 2026-11
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def _bucket(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    if value.startswith("s3://"):
        raise ValueError("leave out s3://")
    if value != value.lower():
        raise ValueError("S3 refuses capitals")
    if not re.fullmatch(_BUCKET, value):
        raise ValueError
    if ".." in value or re.fullmatch(r"[0-9]+(?:\.[0-9]+){3}", value):
        raise ValueError("S3 refuses two dots in a row, and what looks like an address")
    reserved = next((text for text in _RESERVED_STARTS if value.startswith(text)), "")
    reserved = reserved or next((text for text in _RESERVED_ENDS if value.endswith(text)), "")
    if reserved:
        raise ValueError(f"S3 keeps names with {reserved} for itself")
    return value


def _url(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    if holds_secret(value):
        raise ValueError("credentials do not belong into a file: the environment has them")
    if not re.fullmatch(_URL, value):
        raise ValueError
    return value.rstrip("/")


def _project(value: object) -> str:
    text = str(value) if type(value) is int else value
    if not isinstance(text, str):
        raise ValueError
    if "://" in text:
        raise ValueError("its server stands in state.server, here is what follows it")
    if not re.fullmatch(_PROJECT, text):
        raise ValueError
    return text


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_URL = rf"https?://{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?(?:/[A-Za-z0-9._~%/-]*)?"
_STEP = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_PROJECT = rf"[1-9][0-9]{{0,18}}|{_STEP}(?:/{_STEP})+"
# Terraform refuses a slash at either end, and two in a row.
_OBJECT = r"[A-Za-z0-9!_.*()-]+(?:/[A-Za-z0-9!_.*()-]+)*"

_NO_BUCKET = (
    rf"(?!{'|'.join(_RESERVED_STARTS)})(?!.*(?:{'|'.join(end.replace('.', '[.]') for end in _RESERVED_ENDS)})$)"
    r"(?!.*\.\.)(?![0-9]+(?:\.[0-9]+){3}$)"
)
BUCKET = Kind(
    "a bucket's name such as example-terraform: 3 to 63 small letters, digits, hyphens and dots",
    _bucket,
    pattern=_BUCKET,
    remedy=remedies.as_bucket,
    schema=written(f"{_NO_BUCKET}{_BUCKET}"),
    usual="Write the name of a bucket that S3 has, or choose another one.",
)
OBJECT = _plain(
    "an object's name such as mail/terraform.tfstate, without a slash at either end",
    _OBJECT,
    "Write letters, digits, dots, hyphens and single slashes, or leave the key out.",
    remedies.as_object,
)
S3_REGION = _plain(
    "a region such as eu-central-1", r"[a-z0-9][a-z0-9-]{0,31}", "Write small letters, digits and hyphens."
)
URL = Kind(
    "a URL such as https://states.example.com/mail",
    _url,
    pattern=_URL,
    schema=written(_URL),
    usual="Write scheme, host and path alone; Terraform takes user and password from the environment.",
)
PROJECT = Kind(
    "a GitLab project: its number, or its path such as operations/mail",
    _project,
    pattern=_PROJECT,
    remedy=remedies.as_project,
    schema={"type": ["string", "integer"], "pattern": f"^(?:{_PROJECT})$"},
    usual="Copy it from the project's page: its path from the group on, or its number.",
)
