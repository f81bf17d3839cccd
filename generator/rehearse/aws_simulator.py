"""AWS for rehearsals and tests: a moto server on a free loopback port, ended with its user.

As a program (`python -m generator.rehearse.aws_simulator --port 0`) it is the server; as a class,
`AwsSimulator` starts that program and ends it (see `server_process`).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import final

from generator.rehearse.server_process import ServerProcess, SimulatorError, serve

__all__ = ["AwsSimulator", "SimulatorError"]


@final
class AwsSimulator(ServerProcess):
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
        options = [
            *(f"--delegated={domain}" for domain in delegated),
            *(f"--existing-zone={domain}" for domain in existing_zones),
            *(f"--image={image}" for image in images),
        ]
        super().__init__(title="AWS", module=_MODULE, library="moto", options=options, timeout=timeout)
        self._region = region

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


_MODULE = "generator.rehearse.aws_simulator"


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m {_MODULE}",
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


def main(words: Sequence[str] | None = None) -> int:
    """Runs the server until SIGTERM, SIGINT or the end of standard input.

    Args:
        words: Command line without the program; None takes it from the process.

    Returns:
        The exit code.
    """
    options = _arguments(words)

    # Imported here alone: moto takes a second, and the class above is imported by the command line.
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )

    from generator.rehearse import moto_mends

    moto_mends.mend_moto(options.delegated, options.image)
    for domain in options.existing_zone:
        moto_mends.create_public_zone(domain)
    return serve(DomainDispatcherApplication(create_backend_app), options.port, MotoRequestHandler)


if __name__ == "__main__":
    sys.exit(main())
