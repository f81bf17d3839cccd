"""The published contract of the API: which response a request may get.

The document is OpenAPI 3.0; its schemas become JSON Schema here, closed, so that a misspelt key is found.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.helpers import ROOT

PATH = ROOT.parent / "shared" / "hetzner" / "hcloud-openapi.json"
# Newer than the document: hcloud-go v2.38, `ServerTypeLocation`.
_NEWER = ("available", "recommended")


@functools.cache
def document() -> dict[str, Any]:
    """Return the contract, or skip the test."""
    if not Path(PATH).exists():
        pytest.skip("no contract of the API beside the checkout: shared/hetzner/hcloud-openapi.json")
    content: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    return content


@functools.cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the operations of the contract by method and path template."""
    return {
        (method.upper(), path): operation
        for path, item in document()["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "delete")
    }


@functools.cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    # The most literal template first: /servers/actions before /servers/{id}.
    paths = sorted(document()["paths"], key=lambda path: (path.count("{"), path))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


def violations(method: str, path: str, status: int, body: bytes) -> list[str]:
    """Return what is wrong with a response; the path is without `/v1`."""
    where = f"{method} {path} -> {status}"
    template = next((template for pattern, template in _templates() if pattern.fullmatch(path)), None)
    if template is None or (method, template) not in operations():
        # The error of an unknown path has the common form.
        template, method = "/servers", "GET"
    responses = operations()[method, template]["responses"]
    key = str(status) if str(status) in responses else f"{status // 100}xx"
    if key not in responses:
        return [f"{where}: the contract knows {sorted(responses)}"]
    if "content" not in responses[key]:
        return [f"{where}: has a body"] if body else []
    try:
        content = json.loads(body)
    except ValueError:
        return [f"{where}: no JSON: {body[:200]!r}"]
    validator = _validator(method, template, key)
    return [
        f"{where}: {'/'.join(map(str, error.instance_path))}: {error.message[:300]}"
        for error in validator.iter_errors(content)
    ]


@functools.cache
def _validator(method: str, template: str, key: str) -> Any:
    content = operations()[method, template]["responses"][key]["content"]
    schema = {**_closed(content["application/json"]["schema"]), "components": _components()}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@functools.cache
def _components() -> dict[str, Any]:
    schemas = {name: _closed(schema) for name, schema in document()["components"]["schemas"].items()}
    places = schemas["server_type_location"]["properties"]
    places.update({name: {"type": "boolean"} for name in _NEWER})
    return {"schemas": schemas}


def _closed(schema: Any) -> Any:
    """Return a schema as JSON Schema, in which objects have the listed properties alone."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _closed(value) for key, value in schema.items() if key not in ("nullable", "example")}
    if isinstance(result.get("properties"), dict) and "additionalProperties" not in result:
        result["additionalProperties"] = False
    # A property may itself be called like a keyword: `nullable: true` is a boolean only in a schema.
    return {"anyOf": [result, {"type": "null"}]} if schema.get("nullable") is True else result
