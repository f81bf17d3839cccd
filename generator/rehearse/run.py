"""A rehearsal: plan, apply, plan again, destroy against a simulated cloud, in a temporary folder."""

import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import msgspec

from generator.clouds import Cloud
from generator.errors import SurroundingsError
from generator.files import BACKEND_NAME, GeneratedFile
from generator.output import compare, exclusive, read_manifest, write
from generator.plan import Plan
from generator.terraform import NO_REGISTRY, Result, Terraform, require_binary

Say: TypeAlias = Callable[[str], None]

_AT_ONCE = 100
"""Nobody counts requests here, and the AWS provider waits half a minute for each record of Route 53: all at once."""

_PLAN = "rehearsal.tfplan"

NOT_PROVEN = (
    "that the images exist and the machine types are sold in the zones today (try --online)",
    "that the account's quotas suffice",
    "that the domain is delegated and mail leaves the cloud",
    "that the nodes boot: the simulated machines never start",
)


class Step(msgspec.Struct, frozen=True):
    """One step and how it ended."""

    name: str
    passed: bool
    found: str


class Rehearsal(msgspec.Struct, frozen=True):
    """What a rehearsal showed.

    Attributes:
        folder: Where the Terraform is kept, empty where it was removed.
    """

    steps: tuple[Step, ...]
    folder: str

    @property
    def passed(self) -> bool:
        """Whether every step passed."""
        return all(step.passed for step in self.steps)

    def lines(self) -> Iterator[str]:
        """Yield what was proved and what was not, for people."""
        yield from (f"{'ok    ' if step.passed else 'failed'}  {step.name}: {step.found}" for step in self.steps)
        if self.passed:
            yield "A rehearsal does not show"
            yield from (f"  - {text}" for text in NOT_PROVEN)
        if self.folder:
            yield f"kept in {self.folder}"

    def data(self) -> dict[str, object]:
        """Return the same for programs."""
        return {
            "passed": self.passed,
            "steps": [msgspec.to_builtins(step) for step in self.steps],
            "not_proven": NOT_PROVEN,
            "folder": self.folder,
        }


def rehearse(
    plan: Plan,
    files: Sequence[GeneratedFile],
    clouds: Mapping[str, Cloud],
    say: Say,
    *,
    faults: Sequence[str] = (),
    keep: bool = False,
) -> Rehearsal:
    """Rehearse generated files against the clouds that they use, telling the progress through `say`.

    Args:
        plan: What the files say.
        files: What would be written.
        clouds: The clouds in use by name: the machines' and the public zone's.
        say: Takes a line of progress.
        faults: What goes wrong in the cloud of the machines.
        keep: Keep the temporary folder.

    Raises:
        InputError: The cloud's simulator does not know a fault.
        SurroundingsError: Terraform or the simulator cannot be had.
    """
    binary = require_binary()
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
    try:
        with exclusive(folder):
            # The state of a rehearsal is nobody's, and must not come near the real one.
            apart = [file for file in files if file.path != BACKEND_NAME]
            write(folder, compare(folder, apart, read_manifest(folder)))
        with ExitStack() as stack:
            environment = {"TF_CLI_ARGS_apply": f"-parallelism={_AT_ONCE}"}
            for name, cloud in clouds.items():
                own = faults if name == plan.deployment.provider else ()
                environment |= stack.enter_context(cloud.simulator(plan, own)).environment()
            terraform = Terraform(folder, binary, environment)
            hints = {code: hint for cloud in clouds.values() for code, hint in cloud.hints.items()}
            steps = tuple(_with_hint(step, hints) for step in _steps(terraform, plan, say))
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    return Rehearsal(steps, str(folder) if keep else "")


def _with_hint(step: Step, hints: Mapping[str, str]) -> Step:
    """Add to a failed step what can be done about it."""
    found = [hint for code, hint in hints.items() if not step.passed and re.search(rf"\b{code}\b", step.found)]
    return msgspec.structs.replace(step, found="\n".join([step.found, *(f"hint: {hint}" for hint in found)]))


def _steps(terraform: Terraform, plan: Plan, say: Say) -> Iterator[Step]:
    """Yield the steps until one fails; whatever was applied is destroyed in any case."""
    initialised = _timed(say, "terraform init", lambda: terraform.init(quiet=True))
    if initialised.code != 0:
        raise SurroundingsError(
            "terraform init failed: the providers cannot be had\n" + (initialised.out + initialised.err).strip(),
            f"Check the network. {NO_REGISTRY}",
        )
    planned = _timed(say, "terraform plan", lambda: terraform.plan(_PLAN, quiet=True))
    yield _step("plan", planned, planned.code == 2, lambda: _planned_changes(terraform))
    if planned.code != 2:
        return
    applied = _timed(say, "terraform apply", lambda: terraform.apply(_PLAN))
    yield _step("apply", applied, applied.code == 0, lambda: f"{len(plan.nodes)} nodes applied")
    if applied.code == 0:
        again = _timed(say, "terraform plan, again", lambda: terraform.plan(_PLAN, quiet=True))
        found = "no change" if again.code == 0 else _planned_changes(terraform)
        yield _step("second plan", again, again.code == 0, lambda: found)
    destroyed = _timed(say, "terraform destroy", lambda: _destroy(terraform))
    left = terraform.state().out.split()
    yield _step(
        "destroy",
        destroyed,
        destroyed.code == 0 and not left,
        lambda: f"{len(left)} resources left",
    )


def _destroy(terraform: Terraform) -> Result:
    planned = terraform.plan_destroy(_PLAN)
    return terraform.apply(_PLAN) if planned.code == 0 else planned


def _timed(say: Say, name: str, command: Callable[[], Result]) -> Result:
    say(f"{name} ...")
    start = time.monotonic()
    result = command()
    say(f"{name}: {time.monotonic() - start:.0f} s")
    return result


def _step(name: str, result: Result, passed: bool, found: Callable[[], str]) -> Step:
    if not passed and result.code not in (0, 2):
        said = result.err or result.out
        return Step(name, False, said[max(said.find("Error:"), 0) :].strip() or f"exit code {result.code}")
    return Step(name, passed, found())


def _planned_changes(terraform: Terraform) -> str:
    shown = terraform.show(_PLAN)
    changes = json.loads(shown.out)["resource_changes"] if shown.code == 0 else []
    counts: dict[str, int] = {}
    for change in changes:
        action = "/".join(change["change"]["actions"])
        if action not in ("no-op", "read"):
            counts[action] = counts.get(action, 0) + 1
    return ", ".join(f"{number} to {action}" for action, number in sorted(counts.items())) or "no change"
