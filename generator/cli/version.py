"""`generate --version`: the program, its facts, and the releases that have tables, a line each."""

import argparse
from collections.abc import Iterator, Sequence

from generator import __version__
from generator.cli.report import out


def lines() -> Iterator[str]:
    """Yield what a report of a fault has to name, in lines that begin with the same words in every version."""
    from generator.facts import facts_version, releases

    yield f"generate {__version__}"
    yield f"facts {facts_version()}"
    for name, release in releases().items():
        yield f"release {name}: {', '.join(release.editions)}; documents of {release.documents}"


class Version(argparse.Action):
    """Print the lines and leave; the facts are read only then."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the versions of the program and of its facts")

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002
        values: object,  # noqa: ARG002
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        """Do it."""
        for line in lines():
            out(line)
        parser.exit()
