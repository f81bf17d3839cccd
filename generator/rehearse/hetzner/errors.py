"""Refusals of the API: code, HTTP status, message, details.

Source of codes and statuses: the table "Error Codes" and the "Operation specific errors" of the API's
documentation (docs.hetzner.cloud), and hcloud-go's `hcloud/error.go`.
"""

from __future__ import annotations

from typing import Any

STATUS = {
    "bad_gateway": 502,
    "conflict": 409,
    "deprecated_api_endpoint": 410,
    "firewall_resource_not_found": 404,
    "json_error": 400,
    "locked": 423,
    "method_not_allowed": 405,
    "not_found": 404,
    "protected": 423,
    "rate_limit_exceeded": 429,
    "resource_limit_exceeded": 403,
    "resource_unavailable": 412,
    "server_error": 500,
    "timeout": 504,
    "unauthorized": 401,
    "unavailable": 503,
    "uniqueness_error": 409,
}
# Everything else is a request that was understood and cannot be carried out.
_DEFAULT_STATUS = 422


class ApiError(Exception):
    """A request that the API refuses.

    Attributes:
        code: Error code for machines.
        message: Error message for people.
        details: Object with the code's details, or None.
    """

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    @property
    def status(self) -> int:
        """The HTTP status of the response."""
        return STATUS.get(self.code, _DEFAULT_STATUS)

    def body(self) -> dict[str, Any]:
        """The response's body."""
        return {"error": {"code": self.code, "message": self.message, "details": self.details}}


def invalid(field: str, why: str) -> ApiError:
    """Returns the refusal of a field's value."""
    details = {"fields": [{"name": field, "messages": [why]}]}
    return ApiError("invalid_input", f"invalid input in field '{field}': {why}", details)


def not_found(title: str, name: object) -> ApiError:
    """Returns the refusal of a reference to what is not there."""
    return ApiError("not_found", f"{title} with ID or name '{name}' not found")


def not_unique(title: str, field: str) -> ApiError:
    """Returns the refusal of a value that another resource has already."""
    message = f"{title} with the same {field.replace('_', ' ')} already exists"
    return ApiError("uniqueness_error", message, {"fields": [{"name": field}]})


def over_limit(what: str, most: int) -> ApiError:
    """Returns the refusal of one more than a project or a resource may have."""
    return ApiError("resource_limit_exceeded", f"{what}: limit of {most} reached", {"limits": [{"name": what}]})
