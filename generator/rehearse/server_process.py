"""A simulated cloud as a child process on a free loopback port, ended with its user.

As a program a simulator prints one line `listening 127.0.0.1:PORT` and ends on SIGTERM or when its
standard input closes, so that it never outlives whoever started it (`serve`). As an object,
`ServerProcess` starts that program and ends it.
"""

from __future__ import annotations

import importlib.util
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

from generator.errors import SurroundingsError

HOST = "127.0.0.1"
_READY = f"listening {HOST}:"
_Self = TypeVar("_Self", bound="ServerProcess")


class SimulatorError(SurroundingsError):
    """The simulator could not be started."""


class ServerProcess:
    """A running simulator; a context manager.

    Args:
        title: What is simulated, as in "The simulator of AWS".
        module: Module that is the server when run as a program.
        library: Python package that the server needs beside ours.
        options: Words of the server's command line.
        timeout: Seconds to wait for the start.

    Raises:
        SimulatorError: On entering, when the library is missing or the server does not start in time.
    """

    def __init__(self, *, title: str, module: str, library: str, options: Sequence[str], timeout: float) -> None:
        self._title = title
        self._module = module
        self._library = library
        self._options = list(options)
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Where the server answers, such as `http://127.0.0.1:41234`."""
        if not self._port:
            raise SimulatorError(f"The simulator of {self._title} is not running.")
        return f"http://{HOST}:{self._port}"

    def __enter__(self: _Self) -> _Self:  # noqa: PYI019 - typing.Self came with Python 3.11
        if importlib.util.find_spec(self._library) is None:
            raise SimulatorError(
                f"The simulator of {self._title} needs {self._library}, which is not installed.",
                "Install it: pip install 'carbonio-generate[rehearse]'",
            )
        package = Path(__file__).resolve().parents[2]
        path = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))
        self._errors = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module, *self._options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, "PYTHONPATH": path},
            )
            self._port = self._await_port(self._process)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the server; calling it again does nothing."""
        process, self._process, self._port = self._process, None, 0
        if process is not None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        if self._errors is not None:
            self._errors.close()
            self._errors = None

    def _await_port(self, process: subprocess.Popen[bytes]) -> int:
        assert process.stdout is not None  # noqa: S101 - it is a pipe, see __enter__
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            ready = selector.select(self._timeout)
        line = process.stdout.readline().decode(errors="replace") if ready else ""
        port = line.removeprefix(_READY).strip()
        if line.startswith(_READY) and port.isdigit():
            return int(port)
        what = "ended at once" if ready else f"did not answer within {self._timeout:g} s"
        raise SimulatorError(f"The simulator of {self._title} {what}.{self._last_words()}")

    def _last_words(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f" Its last words: {lines[-1]}" if lines else ""


def serve(application: Callable[..., Any], port: int, request_handler: Any = None) -> int:
    """Serves a WSGI application until SIGTERM, SIGINT or the end of standard input.

    Args:
        application: The WSGI application.
        port: Port to listen on; 0 chooses one.
        request_handler: werkzeug's request handler class, where its own does not fit.

    Returns:
        The exit code.
    """
    import logging

    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(HOST, port, application, threaded=True, request_handler=request_handler)

    def stop(*_: object) -> None:
        # shutdown() waits for the loop that it ends, so it may not run in the loop's own thread.
        threading.Thread(target=server.shutdown, daemon=True).start()

    def stop_with_input() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    threading.Thread(target=stop_with_input, daemon=True).start()
    sys.stdout.write(f"{_READY}{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0
