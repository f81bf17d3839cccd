"""AWS for rehearsals and tests: a moto server on a free loopback port, ended with its user.

As a program (`python -m generator.rehearse.aws_simulator --port 0`) it is the server: it prints one
line `listening 127.0.0.1:PORT` and ends on SIGTERM or when its standard input closes, so that it
never outlives whoever started it. As a class, `AwsSimulator` starts that program and ends it.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, final

from generator.errors import SurroundingsError

_HOST = "127.0.0.1"
_READY = f"listening {_HOST}:"


class SimulatorError(SurroundingsError):
    """The simulator could not be started."""


@final
class AwsSimulator:
    """A running simulator; a context manager.

    Args:
        delegated: Domains whose public zone counts as delegated: reverse names are accepted there.
        existing_zones: Domains whose public zone exists before the first apply.
        images: Ids of images that exist beside those of the publishers.
        region: Region that programs use unless they name one.
        timeout: Seconds to wait for the start.

    Raises:
        SimulatorError: On entering, when moto is missing or the server does not start in time.
    """

    def __init__(
        self,
        *,
        delegated: Sequence[str] = (),
        existing_zones: Sequence[str] = (),
        images: Sequence[str] = (),
        region: str = "eu-central-1",
        timeout: float = 60.0,
    ) -> None:
        self._options = [
            *(f"--delegated={domain}" for domain in delegated),
            *(f"--existing-zone={domain}" for domain in existing_zones),
            *(f"--image={image}" for image in images),
        ]
        self._region = region
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The endpoint of every service, such as `http://127.0.0.1:41234`."""
        if not self._port:
            raise SimulatorError("The simulator of AWS is not running.")
        return f"http://{_HOST}:{self._port}"

    def environment(self) -> dict[str, str]:
        """Variables that point Terraform, boto3 and the AWS command line to the simulator alone."""
        return {
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.url,
            # A server on this machine does not recover: 25 attempts would hide its error for long.
            "AWS_MAX_ATTEMPTS": "3",
            "AWS_REGION": self._region,
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def __enter__(self) -> AwsSimulator:
        if importlib.util.find_spec("moto") is None:
            raise SimulatorError(
                "The simulator of AWS needs moto, which is not installed.",
                "Install it: pip install 'carbonio-generate[rehearse]'",
            )
        package = Path(__file__).resolve().parents[2]
        path = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))
        self._errors = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "generator.rehearse.aws_simulator", *self._options],
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
        raise SimulatorError(f"The simulator of AWS {what}.{self._last_words()}")

    def _last_words(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f" Its last words: {lines[-1]}" if lines else ""


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m generator.rehearse.aws_simulator",
        description="Simulates AWS on a loopback port until standard input closes.",
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 chooses one")
    parser.add_argument(
        "--delegated",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="the public zone of DOMAIN is asked by resolvers: reverse names are accepted there",
    )
    parser.add_argument(
        "--existing-zone",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="the public zone of DOMAIN exists from the start",
    )
    parser.add_argument("--image", action="append", default=[], metavar="ID", help="a further image that exists")
    return parser.parse_args(words)


def serve(words: Sequence[str] | None = None) -> int:
    """Runs the server until SIGTERM, SIGINT or the end of standard input.

    Args:
        words: Command line without the program; None takes it from the process.

    Returns:
        The exit code.
    """
    options = _arguments(words)

    # Imported here alone: moto takes a second, and the class above is imported by the command line.
    import logging

    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    from generator.rehearse import moto_mends

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto_mends.mend_moto(options.delegated, options.image)
    for domain in options.existing_zone:
        moto_mends.create_public_zone(domain)

    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(_HOST, options.port, application, threaded=True, request_handler=MotoRequestHandler)

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
    server.serve_forever()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(serve())
