"""Where Terraform's state is kept, in the words of Terraform's backends."""

from collections.abc import Mapping
from urllib.parse import quote

from generator.context import Context
from generator.plan import State

_Settings = dict[str, str | bool | int | dict[str, str]]

_ANY_REGION = "us-east-1"
"""What stores that are not AWS are told: their region does not matter, and the setting must be there."""

_GITLAB = "https://gitlab.com"


def plan_state(context: Context, deployment: str) -> State | None:
    """Return the backend, or None for Terraform's own.

    Args:
        context: The topology.
        deployment: Name of the deployment.
    """
    makers = {"s3": _s3, "gitlab": _gitlab, "http": _http}
    make = makers.get(context.topology.state.backend)
    return make(context, deployment) if make is not None else None


def _s3(context: Context, deployment: str) -> State:
    asked = context.topology.state
    usual = context.topology.cloud.region if context.capabilities.s3_regions else ""
    settings: _Settings = {
        "bucket": asked.bucket,
        "key": asked.key or f"carbonio/{deployment}/terraform.tfstate",
        "region": asked.region or (_ANY_REGION if asked.endpoint else usual),
        "use_lockfile": True,
    }
    place = f"s3://{settings['bucket']}/{settings['key']}"
    if not asked.endpoint:
        return State("s3", place, {**settings, "encrypt": True}, _LOCK_FILES)
    # Stores other than AWS have no accounts to ask for, and few know S3's encryption and checksum headers.
    settings |= {
        "endpoints": {"s3": asked.endpoint},
        "use_path_style": True,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        "skip_requesting_account_id": True,
        "skip_s3_checksum": True,
    }
    return State("s3", f"{place} at {asked.endpoint}", settings, _LOCK_FILES)


_LOCK_FILES = "1.10.0"
"""Both Terraform and OpenTofu know use_lockfile since then."""


def _gitlab(context: Context, deployment: str) -> State:
    # https://docs.gitlab.com/user/infrastructure/iac/terraform_state/
    asked = context.topology.state
    name = asked.name or deployment
    address = f"{asked.server or _GITLAB}/api/v4/projects/{quote(asked.project, safe='')}/terraform/state/{name}"
    settings = _without_nothing(
        {
            "address": address,
            "lock_address": f"{address}/lock",
            "unlock_address": f"{address}/lock",
            "lock_method": "POST",
            "unlock_method": "DELETE",
            "retry_wait_min": 5,
        }
    )
    return State("http", f"{name} in {asked.server or _GITLAB}, project {asked.project}", settings, "")


def _http(context: Context, _: str) -> State:
    asked = context.topology.state
    settings = _without_nothing(
        {
            "address": asked.address,
            "update_method": asked.update_method,
            "lock_address": asked.lock_address,
            "lock_method": asked.lock_method,
            "unlock_address": asked.unlock_address or asked.lock_address,
            "unlock_method": asked.unlock_method,
        }
    )
    return State("http", asked.address, settings, "")


def _without_nothing(settings: Mapping[str, str | int]) -> _Settings:
    return {name: value for name, value in settings.items() if value}
