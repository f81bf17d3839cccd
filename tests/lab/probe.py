"""Runs on a guest: prints as JSON what is so there, by the system's own programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

UNITS = ("nftables", "firewalld", "systemd-networkd")


def run(*words: str) -> str:
    """Return what a command prints, and what it complains of."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.strip()


def read(path: str) -> str:
    """Return the text of a file, none where there is none."""
    return Path(path).read_text(errors="replace") if Path(path).exists() else ""


def unit(name: str) -> dict[str, str]:
    """Return the state of a service, and when its main process started and ended, in microseconds since boot."""
    keys = "ActiveState,SubState,UnitFileState,Result,ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic"
    return dict(line.split("=", 1) for line in run("systemctl", "show", name, "-p", keys).splitlines())


sys.stdout.write(
    json.dumps(
        {
            "fqdn": run("hostname", "-f"),
            "hostname": run("hostname"),
            "hosts": read("/etc/hosts"),
            "localhost": run("getent", "ahosts", "localhost"),
            "by name": run("getent", "hosts", run("hostname")),
            "addresses": json.loads(run("ip", "-j", "address", "show")),
            "routes": json.loads(run("ip", "-j", "route", "show", "default")),
            "ipv6": {
                str(path): read(str(path)).strip() for path in Path("/proc/sys/net/ipv6/conf").glob("*/disable_ipv6")
            },
            "ipv6 addresses": read("/proc/net/if_inet6"),
            "locale": run("localectl", "status"),
            "login": run("su", "-", "-c", "locale"),
            "rules": json.loads(run("nft", "-j", "list", "ruleset") or "{}"),
            "units": {name: unit(name) for name in UNITS},
            "failed": run("systemctl", "--failed", "--plain", "--no-legend"),
            "resolv.conf": read("/etc/resolv.conf"),
            "name servers": read("/run/systemd/resolve/resolv.conf"),
            "clock": run("chronyc", "tracking"),
            "mounts": read("/proc/self/mounts"),
            "fstab": read("/etc/fstab"),
            "disks": {str(path): str(path.resolve()) for path in Path("/dev/disk/by-id").glob("*")},
            "kernel": run("sh", "-c", "dmesg | grep ADDRCONF"),
            "swappiness": read("/proc/sys/vm/swappiness").strip(),
            "cloud-init": run("cloud-init", "status", "--long"),
            "boot times": run("systemd-analyze", "time"),
        }
    )
)
