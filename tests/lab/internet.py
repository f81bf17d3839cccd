"""What stands for the Internet in the lab: name servers, the time, and package repositories.

The addresses are those that machines ask anyway, so nothing that is generated has to be changed for the lab.
"""

from __future__ import annotations

import hashlib
import http.server
import socketserver
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

NAME_SERVERS = ("1.1.1.1", "1.0.0.1")
"""The public ones that machines on a hypervisor of one's own ask."""

REPOSITORY, CLOCK = "192.0.2.80", "192.0.2.123"
MANAGEMENT, STRANGER = "198.51.100.10", "198.18.0.9"
"""Two hosts outside: the examples' `management` holds the first one only."""

PUBLIC = "203.0.113.10"
"""What the world knows of the examples' domain: the names of its machines lead there."""

ADDRESSES = (*NAME_SERVERS, REPOSITORY, CLOCK, MANAGEMENT, STRANGER)

_ERA = 2208988800
"""Seconds from NTP's epoch (1900) to that of UNIX: RFC 5905, section 6."""

# Outside, names of machines lead to the public address, and have IPv6: inside nothing of that may be seen. Any name
# that is not here does not exist, in particular those of Carbonio's and PostgreSQL's repositories.
_NAMES = "/".join(f"{name}.example.com" for name in ("gateway", "mail", "infra1", "mta1", "store1", "files1", "video1"))
_ZONE = f"""\
no-resolv
no-hosts
bind-interfaces
listen-address={",".join(NAME_SERVERS)}
address=/deb.debian.org/{REPOSITORY}
address=/cdn.redhat.com/subscription.rhsm.redhat.com/{REPOSITORY}
address=/pool.ntp.org/{CLOCK}
address=/{_NAMES}/{PUBLIC}
address=/{_NAMES}/2001:db8::10
mx-host=example.com,mail.example.com,10
txt-record=example.com,"v=spf1 ip4:{PUBLIC} -all"
txt-record=_dmarc.example.com,"v=DMARC1; p=none"
address=/#/
"""


class Repository(http.server.BaseHTTPRequestHandler):
    """A flat Debian repository (sources.list(5)) that offers nothing, and Red Hat's with stand-ins for packages."""

    rpms = Path()
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a file of the repository that the name belongs to."""
        content = self._red_hat() if self.headers["Host"] == "cdn.redhat.com" else self._debian()
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def _debian(self) -> bytes | None:
        empty = hashlib.sha256(b"").hexdigest()
        files = {"Packages": b"", "Release": f"SHA256:\n {empty} 0 Packages\n".encode("ascii")}
        return files.get(self.path.rsplit("/", 1)[-1])

    def _red_hat(self) -> bytes | None:
        # /ID/repodata/... and /ID/noarch/...: every id has the same content.
        path = self.rpms.joinpath(*self.path.split("/")[2:]).resolve()
        return path.read_bytes() if path.is_file() and path.is_relative_to(self.rpms) else None


class Clock(socketserver.BaseRequestHandler):
    """An NTP server (RFC 5905) that tells this machine's time."""

    def handle(self) -> None:
        """Answer one datagram."""
        question, socket = self.request
        received = _timestamp()
        # No leap second, version 4, server; stratum 2, and the precision of a microsecond.
        head = struct.pack("!BBBb", 4 << 3 | 4, 2, question[2], -20) + struct.pack("!II4s", 0, 0, b"\xc0\x00\x02\x01")
        socket.sendto(head + received + question[40:48] + received + _timestamp(), self.client_address)


def _timestamp() -> bytes:
    now = time.time() + _ERA
    return struct.pack("!II", int(now), int(now % 1 * 2**32))


class _Reused(http.server.ThreadingHTTPServer):
    allow_reuse_address = True


def main() -> int:
    """Serve until one of the three ends; arguments: a folder to write to, and that of the RPMs."""
    zone = Path(sys.argv[1], "internet.conf")
    Repository.rpms = Path(sys.argv[2]).resolve()
    zone.write_text(_ZONE, encoding="ascii")
    names = subprocess.Popen(["dnsmasq", "--keep-in-foreground", "--pid-file", f"--conf-file={zone}"])
    for server in (_Reused((REPOSITORY, 80), Repository), socketserver.ThreadingUDPServer((CLOCK, 123), Clock)):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return names.wait()


if __name__ == "__main__":
    sys.exit(main())
