"""What every cloud brings. A new cloud is one file with a class that has these members."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

from generator.capabilities import Capabilities, DnsProvider, Provider
from generator.clouds.resources import Openings, ResourceKind
from generator.context import Context
from generator.plan import Plan
from generator.problems import Finding
from generator.question import Topic

Tfvars: TypeAlias = dict[str, object]


class Simulator(Protocol):
    """A stand-in for the cloud's API on a loopback port."""

    def environment(self) -> dict[str, str]:
        """Return the environment in which Terraform talks to the stand-in."""


class Cloud(Protocol):
    """A cloud."""

    @property
    def capabilities(self) -> Capabilities:
        """What the rules and the planner need to know."""

    @property
    def templates(self) -> str:
        """Folder of the root templates, below `templates/`."""

    @property
    def modules(self) -> tuple[str, ...]:
        """Folders of the modules in use, below `modules/`."""

    @property
    def providers(self) -> tuple[Provider, ...]:
        """Terraform providers of the compute part."""

    @property
    def dns_providers(self) -> Mapping[str, DnsProvider]:
        """DNS providers that come with the cloud, by the name that a topology uses."""

    @property
    def usual_region(self) -> str:
        """Region that is offered to whoever starts."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What `generate init` asks on this cloud alone; the questions are given a `Draft`."""

    def tfvars(self, plan: Plan, context: Context) -> Tfvars:
        """Return the values of the root variables."""

    def audit(self, plan: Plan, context: Context) -> Iterator[Finding]:
        """Yield what the cloud would refuse although the topology is sound."""

    def audit_user_data(self, user_data: Mapping[str, str], context: Context) -> Iterator[Finding]:
        """Yield what the cloud would refuse about the nodes' user-data, given by node."""

    @property
    def resource_kinds(self) -> Mapping[str, ResourceKind]:
        """What the providers' resources are, by type, or by `type.name` as the modules name them."""

    @property
    def openings(self) -> Mapping[str, Openings]:
        """How to read what a resource lets in, by its type; of all that do, not of ours alone."""

    @property
    def hints(self) -> Mapping[str, str]:
        """What an operator can do about an error, by the API's code for it."""

    def simulator(self, plan: Plan, faults: Sequence[str]) -> AbstractContextManager[Simulator]:
        """Return the stand-in for rehearsals, prepared with what the plan takes for granted.

        A plan that stands on another cloud may still use this one's DNS.

        Args:
            plan: What will be applied.
            faults: What goes wrong, in the words of the stand-in.

        Raises:
            InputError: It does not know such a fault.
        """

    def consult(self, context: Context) -> dict[str, Any]:
        """Ask the cloud's API for images and for types that the facts lack; return changed fields of the context."""

    def audit_online(self, plan: Plan, context: Context) -> list[Finding]:
        """Ask the cloud's API whether it would sell what the plan wants."""
