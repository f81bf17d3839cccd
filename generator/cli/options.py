"""Options that every command shares."""

import argparse


def common(parser: argparse.ArgumentParser) -> None:
    """Add the topology and the options for reading it."""
    parser.add_argument(
        "topology",
        nargs="?",
        default="topology.yaml",
        metavar="TOPOLOGY",
        help="topology file (topology.yaml)",
    )
    reading(parser)


def reading(parser: argparse.ArgumentParser) -> None:
    """Add the options for reading a topology."""
    parser.add_argument(
        "--overlay",
        action="append",
        default=[],
        metavar="FILE",
        help="lay a file with what differs over the topology, key by key; may be given several times",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one value after all files, as in cloud.region=fsn1; may be given several times",
    )
    parser.add_argument("--out", metavar="DIR", help="folder of the Terraform (the topology's own)")
    parser.add_argument("--upgrade", action="store_true", help="choose machine types and images anew")
    parser.add_argument(
        "--online",
        action="store_true",
        help="ask the cloud for image identifiers and machine types",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
