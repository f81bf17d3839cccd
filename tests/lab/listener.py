"""Runs on a guest: answers on ports, with the address that it saw; what already listens there stays.

    listener.py FILE      FILE holds {"tcp": [...], "udp": [...]}

TCP gives the address and closes; UDP sends back what came, and the address after it.
"""

from __future__ import annotations

import contextlib
import json
import resource
import selectors
import socket
import sys
from pathlib import Path

ports = json.loads(Path(sys.argv[1]).read_text())
resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))
selector = selectors.DefaultSelector()
for kind, numbers in ((socket.SOCK_STREAM, ports["tcp"]), (socket.SOCK_DGRAM, ports["udp"])):
    for port in numbers:
        entry = socket.socket(socket.AF_INET, kind)
        try:
            entry.bind(("", port))
        except OSError:
            entry.close()
            continue
        if kind == socket.SOCK_STREAM:
            entry.listen(64)
        entry.setblocking(False)
        selector.register(entry, selectors.EVENT_READ)
Path(sys.argv[1] + ".ready").touch()
while True:
    for key, _ in selector.select():
        listener = key.fileobj
        assert isinstance(listener, socket.socket)
        with contextlib.suppress(OSError):
            if listener.type == socket.SOCK_STREAM:
                connection, peer = listener.accept()
                with connection:
                    connection.send(peer[0].encode())
            else:
                data, peer = listener.recvfrom(2048)
                listener.sendto(data + peer[0].encode(), peer)
