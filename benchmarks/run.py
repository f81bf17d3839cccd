"""What the generator costs, as ratios measured in one run.

    python benchmarks/run.py [--quick] [PART ...]

Parts: start (a small deployment, and what only answers, against the least that Python does), scale (1,000 and
5,000 nodes), domains (5,000 mail domains), terraform (plans against a flat configuration), rehearsal (five nodes
against a simulated cloud), host_firewall (rules of a machine, and the time to load them),
review (a change of five nodes, of 500 with a large Terraform plan, and the page of 100 in a browser).
Prints a table; exit status 1 when a bound is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from benchmarks import flat  # noqa: E402
from benchmarks import review as reviews  # noqa: E402
from benchmarks.measure import Run, interleaved, run  # noqa: E402
from benchmarks.topologies import CLOUDS, topology  # noqa: E402

# What the installed command does; `python -m` would load more.
START = "import sys; from generator.__main__ import main; sys.exit(main())"
GENERATE = [sys.executable, "-c", START, "--no-init"]
EXAMPLES = {cloud: ROOT / "examples" / f"five-nodes-{cloud}" / "topology.yaml" for cloud in CLOUDS}
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}


class Row(NamedTuple):
    """One line of the table; `bound` is the most that `value` may be."""

    what: str
    value: float
    unit: str
    bound: float
    detail: str


def generated(folder: Path, text: str) -> Path:
    """Generate once into a new folder and return it."""
    folder.mkdir(parents=True)
    (folder / "topology.yaml").write_text(text, encoding="utf-8")
    run(GENERATE, folder, ENVIRONMENT)
    return folder


def fresh(folder: Path, words: list[str]) -> Callable[[], Run]:
    """Return a measured run that starts with nothing but the topology."""

    def once() -> Run:
        text = (folder / "topology.yaml").read_text(encoding="utf-8")
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / "topology.yaml").write_text(text, encoding="utf-8")
        return run(words, folder, ENVIRONMENT)

    return once


def start(work: Path, rounds: int) -> Iterator[Row]:
    """Compare five nodes with a floor, and a run without changes with a first one."""
    for cloud in CLOUDS:
        folder = work / cloud
        folder.mkdir()
        yield from _start(folder, rounds, cloud)
    yield from _answers(work, rounds)


def _floor(work: Path, first: Path) -> Callable[[], Run]:
    """Return a run of the floor: what was generated in a folder, written by a program that does nothing else."""
    floor = work / "floor"
    floor.mkdir()
    shutil.copy(first / "topology.yaml", floor)
    content = work / "content.pickle"
    files = {
        path.relative_to(first).as_posix(): path.read_bytes()
        for path in first.rglob("*")
        if path.is_file() and path.name != "topology.yaml"
    }
    content.write_bytes(pickle.dumps(files))
    return fresh(floor, [sys.executable, str(ROOT / "benchmarks" / "floor.py"), str(floor), str(content)])


def _answers(work: Path, rounds: int) -> Iterator[Row]:
    """Compare what only answers with the floor: nobody shall wait for help, for an editor's schema or for an error."""
    text = EXAMPLES["aws"].read_text(encoding="utf-8")
    floor = _floor(work, generated(work / "right", text))
    wrong = work / "wrong"
    wrong.mkdir()
    (wrong / "topology.yaml").write_text(text.replace("[mta, proxy]", "[mtaa, proxy]"), encoding="utf-8")
    words = GENERATE[:-1]
    found = interleaved(
        {
            "floor": floor,
            "--help": lambda: run([*words, "--help"], wrong, ENVIRONMENT),
            "schema": lambda: run([*words, "schema"], wrong, ENVIRONMENT),
            "error": lambda: run(GENERATE, wrong, ENVIRONMENT, code=2),
        },
        rounds,
    )
    seconds = {name: entry.seconds for name, entry in found.items()}
    detail = ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in seconds.items())
    for name in ("--help", "schema", "error"):
        yield Row(f"generate: {name} / floor", seconds[name] / seconds["floor"], "x", 1.5, detail)


def _start(work: Path, rounds: int, cloud: str) -> Iterator[Row]:
    text = EXAMPLES[cloud].read_text(encoding="utf-8")
    first = generated(work / "first", text)
    again = generated(work / "again", text)
    found = interleaved(
        {
            "floor": _floor(work, first),
            "first": fresh(first, GENERATE),
            "again": lambda: run(GENERATE, again, ENVIRONMENT),
        },
        rounds,
    )
    seconds = {name: entry.seconds for name, entry in found.items()}
    detail = ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in seconds.items())
    yield Row(f"five nodes / floor, {cloud}", seconds["first"] / seconds["floor"], "x", 2.0, detail)
    # Not slower: five per cent are the noise of two medians.
    yield Row(f"no change / first run, {cloud}", seconds["again"] / seconds["first"], "x", 1.05, detail)


def scale(work: Path, rounds: int) -> Iterator[Row]:
    """Measure a large deployment, how the cost grows, and whether another cloud costs more.

    Where dnsmasq answers inside, its machine's user-data holds every name: that ends before 1,000 nodes.
    """
    sizes = (("aws", 500), ("hetzner", 500), ("aws", 1000), ("aws", 5000))
    kinds: dict[str, Callable[[], Run]] = {}
    for cloud, size in sizes:
        folder = work / f"{cloud}-{size}"
        folder.mkdir()
        text = yaml.safe_dump(topology(size, cloud), sort_keys=False)
        (folder / "topology.yaml").write_text(text, encoding="utf-8")
        kinds[folder.name] = fresh(folder, GENERATE)
    found = interleaved(kinds, max(1, rounds // 4))
    detail = ", ".join(f"{name}: {entry.seconds:.2f} s {entry.peak_mib:.0f} MiB" for name, entry in found.items())
    yield Row("1,000 nodes", found["aws-1000"].seconds, "s", 3.0, detail)
    yield Row("5,000 / 500 nodes", found["aws-5000"].seconds / found["aws-500"].seconds, "x", 11.0, detail)
    yield Row("peak memory, 1,000 nodes", found["aws-1000"].peak_mib, "MiB", 150.0, detail)
    yield Row("500 nodes, hetzner / aws", found["hetzner-500"].seconds / found["aws-500"].seconds, "x", 1.5, detail)


def domains(work: Path, rounds: int) -> Iterator[Row]:
    """Measure a deployment with very many mail domains, half of them with a zone of their own."""
    content = topology(6)
    content["domains"] = {
        f"{'shop' if index % 2 else 'm'}{index}.example.{'com' if index % 2 else 'org'}": {} for index in range(5000)
    }
    (work / "topology.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    words = [*GENERATE[:-1], "plan", "--json"]
    found = interleaved({"plan": lambda: run(words, work, ENVIRONMENT)}, max(1, rounds // 4))["plan"]
    detail = f"{found.peak_mib:.0f} MiB; load, validate, plan and print"
    yield Row("5,000 mail domains", found.seconds, "s", 2.0, detail)


def resources(plan: dict[str, Any]) -> dict[str, int]:
    """Count the managed resources of a plan by type."""
    counts: dict[str, int] = {}
    for change in plan["resource_changes"]:
        if change["mode"] == "managed":
            counts[change["type"]] = counts.get(change["type"], 0) + 1
    return counts


def terraform(work: Path, rounds: int) -> Iterator[Row]:
    """Compare plans of generated folders with plans of flat ones, on a simulated cloud."""
    from generator.rehearse.aws_simulator import AwsSimulator
    from tests.terraform import Program, surroundings

    path = surroundings()["tools"]["terraform"]
    if path is None:
        sys.stderr.write("terraform: skipped, there is none on this machine\n")
        return
    program = Program("terraform", path)
    for size in (6, 100):
        ours = generated(work / f"ours-{size}", yaml.safe_dump(topology(size), sort_keys=False))
        plain = work / f"flat-{size}"
        plain.mkdir()
        shutil.copytree(ours / "cloud-init", plain / "cloud-init")
        flat.write(json.loads((ours / "terraform.tfvars.json").read_text("utf-8")), plain)
        with AwsSimulator() as simulator:
            environment = program.environment(simulator.environment())
            kinds: dict[str, Callable[[], Run]] = {}
            counts = []
            for folder in (plain, ours):
                program.init(folder)
                words = [path, "plan", "-input=false", "-no-color", "-out=plan"]
                run(words, folder, environment)
                counts.append(resources(program.show(folder, "plan")))
                kinds[folder.name] = _planning(words, folder, environment)
            if counts[0] != counts[1]:
                raise RuntimeError(f"not the same resources: {counts[0]} {counts[1]}")
            found = interleaved(kinds, max(2, rounds // 4))
        seconds = [found[folder.name].seconds for folder in (ours, plain)]
        detail = f"{sum(counts[0].values())} resources, {seconds[0]:.1f} s / {seconds[1]:.1f} s"
        yield Row(f"terraform plan, {size} nodes", seconds[0] / seconds[1], "x", 1.1, detail)


def _planning(words: list[str], folder: Path, environment: dict[str, str]) -> Callable[[], Run]:
    return lambda: run(words, folder, environment)


def rehearsal(work: Path, rounds: int) -> Iterator[Row]:
    """Measure a rehearsal of five nodes where nothing waits for DNS."""
    from tests.terraform import Program, surroundings

    path = surroundings()["tools"]["terraform"]
    if path is None:
        sys.stderr.write("rehearsal: skipped, there is no Terraform on this machine\n")
        return
    shutil.copy(EXAMPLES["hetzner"], work / "topology.yaml")
    environment = {**Program("terraform", path).environment(), **ENVIRONMENT}
    words = [*GENERATE[:-1], "rehearse"]
    found = interleaved({"rehearsal": lambda: run(words, work, environment)}, max(1, rounds // 4))["rehearsal"]
    yield Row("rehearsal of five nodes, hetzner", found.seconds, "s", 30.0, "plan, apply, plan again, destroy")


def host_firewall(work: Path, rounds: int) -> Iterator[Row]:
    """Measure the firewall on the machines."""
    from benchmarks.host_firewall import measure

    try:
        yield from (Row(*entry) for entry in measure(work, rounds))
    except RuntimeError as why:
        sys.stderr.write(f"host_firewall: skipped, {why}\n")


def review(work: Path, rounds: int) -> Iterator[Row]:
    """Compare the review of five nodes with the floor, and measure one of 500 nodes with a Terraform plan of 20 MB."""
    words = [*GENERATE[:-1], "review", "--base", "../old", "--markdown"]
    text = EXAMPLES["aws"].read_text(encoding="utf-8")
    small = generated(work / "old", text).parent / "new"
    small.mkdir()
    (small / "topology.yaml").write_text(text.replace("users: 150", "users: 300"), encoding="utf-8")
    found = interleaved({"floor": _floor(work, work / "old"), "review": lambda: run(words, small, ENVIRONMENT)}, rounds)
    seconds = {name: entry.seconds for name, entry in found.items()}
    detail = ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in seconds.items())
    yield Row("review of five nodes / floor", seconds["review"] / seconds["floor"], "x", 3.0, detail)
    large = reviews.pair(work / "large", 500)
    run(GENERATE, large, ENVIRONMENT)
    (large / "plan.json").write_bytes(reviews.plan(json.loads((large / "terraform.tfvars.json").read_text("utf-8"))))
    whole = interleaved(
        {"review": lambda: run([*words, "--plan", "plan.json"], large, ENVIRONMENT)}, max(1, rounds // 4)
    )["review"]
    size = (large / "plan.json").stat().st_size
    yield Row("review of 500 nodes", whole.seconds, "s", 3.0, f"Terraform plan of {size / 1e6:.0f} MB")
    yield Row("peak memory, review of 500 nodes", whole.peak_mib, "MiB", 300.0, "")
    yield from _page(work, words, rounds)


def _page(work: Path, words: list[str], rounds: int) -> Iterator[Row]:
    """Measure the page of 100 nodes in a browser."""
    folder = reviews.pair(work / "page", 99)
    run([*words[:-1], "--write", "."], folder, ENVIRONMENT)
    path = folder / "review.html"
    yield Row("page of 100 nodes", path.stat().st_size / 1e6, "MB", 1.5, "")
    try:
        seconds = reviews.interactive(path, max(2, rounds // 2))
    except RuntimeError as why:
        sys.stderr.write(f"page: not opened, {why}\n")
        return
    yield Row("page of 100 nodes, interactive", seconds, "s", 1.0, "until the filter was used and the result drawn")


PARTS = {
    "start": start,
    "scale": scale,
    "domains": domains,
    "terraform": terraform,
    "rehearsal": rehearsal,
    "host_firewall": host_firewall,
    "review": review,
}


def main() -> int:
    """Measure what was asked for and print the table."""
    parser = argparse.ArgumentParser(description="Measure what the generator costs, as ratios.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure (all)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    os.environ.setdefault("CHECKPOINT_DISABLE", "1")
    broken = False
    print("| what | measured | bound | | in detail |\n|---|---:|---:|---|---|")
    for name in options.parts or PARTS:
        with tempfile.TemporaryDirectory() as work:
            for row in PARTS[name](Path(work), 4 if options.quick else 12):
                kept = row.value <= row.bound
                broken |= not kept
                cells = [
                    row.what,
                    f"{row.value:.2f} {row.unit}",
                    f"{row.bound:g} {row.unit}",
                    "kept" if kept else "BROKEN",
                    row.detail,
                ]
                print(f"| {' | '.join(cells)} |", flush=True)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
