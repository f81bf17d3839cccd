"""The least that any generator in Python does: import PyYAML and Jinja2, write the bytes.

Run as a program by `run.py`: `python floor.py FOLDER CONTENT`, where CONTENT is a pickled mapping of
paths to bytes. Imports nothing else, so that its time is a floor.
"""

import os
import pickle
import sys

import jinja2
import yaml


def main(folder: str, content: str) -> None:
    """Read the topology, render an empty template, write every file.

    Args:
        folder: Where to write; it holds `topology.yaml`.
        content: The pickle with what to write.
    """
    with open(os.path.join(folder, "topology.yaml"), encoding="utf-8") as file:  # noqa: PTH118,PTH123
        yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    jinja2.Environment(autoescape=False).from_string("").render()  # noqa: S701
    with open(content, "rb") as file:  # noqa: PTH123
        files: dict[str, bytes] = pickle.load(file)  # noqa: S301
    for name, data in files.items():
        path = os.path.join(folder, name)  # noqa: PTH118
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103,PTH120
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(data)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
