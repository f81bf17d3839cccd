"""Requests that several tests send."""

from __future__ import annotations

from typing import Any

from tests.hetzner_api.conftest import Api

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator"


def server_body(name: str = "mta1", **more: Any) -> dict[str, Any]:
    """Return the request for a server."""
    return {"name": name, "server_type": "cx23", "image": "ubuntu-24.04", "location": "nbg1", **more}


def server(api: Api, name: str = "mta1", **more: Any) -> dict[str, Any]:
    """Create a server, wait for it, return it as it is then."""
    number = api.ok("POST", "/servers", server_body(name, **more))["server"]["id"]
    found: dict[str, Any] = api.ok("GET", f"/servers/{number}")["server"]
    return found


def private(**more: Any) -> dict[str, Any]:
    """Return what makes a server private only, and leaves it off."""
    return {"public_net": {"enable_ipv4": False, "enable_ipv6": False}, "start_after_create": False, **more}


def network(api: Api, *subnets: str, ip_range: str = "10.20.0.0/16", name: str = "mail") -> int:
    """Create a network with subnets in eu-central; return its id."""
    wanted = [{"type": "cloud", "network_zone": "eu-central", "ip_range": subnet} for subnet in subnets]
    body = {"name": name, "ip_range": ip_range, "subnets": wanted}
    number: int = api.ok("POST", "/networks", body)["network"]["id"]
    return number


def rule(port: str | None = "25", protocol: str = "tcp", **more: Any) -> dict[str, Any]:
    """Return a firewall rule."""
    return {"direction": "in", "protocol": protocol, "port": port, "source_ips": ["0.0.0.0/0"], **more}


def firewall(api: Api, name: str = "mta", **more: Any) -> int:
    """Create a firewall; return its id."""
    number: int = api.ok("POST", "/firewalls", {"name": name, "rules": [rule()], **more})["firewall"]["id"]
    return number
