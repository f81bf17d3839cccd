"""What the questions look at: the answers so far, and what releases and clouds there are."""

from collections.abc import Mapping

import msgspec

from generator.clouds.base import Cloud
from generator.facts import CloudFacts, Facts, Scenario, load_cloud, load_facts, releases
from generator.init.presets import without
from generator.question import Draft, Question


class Answer(msgspec.Struct, frozen=True):
    """An answer.

    Attributes:
        text: As it was given.
        values: As a topology has it.
    """

    question: Question
    text: str
    values: tuple[str, ...]


class World:
    """The answers so far, by the name of the option, and what they refer to.

    Attributes:
        clouds: Every cloud by name.
        dns_providers: Names of those who can host the zone.
        key_file: File that is offered as the operator's SSH key, or nothing.
    """

    def __init__(self, clouds: Mapping[str, Cloud], dns_providers: tuple[str, ...], key_file: str = "") -> None:
        self.clouds = clouds
        self.dns_providers = dns_providers
        self.key_file = key_file
        self.answers: dict[str, Answer] = {}

    def value(self, option: str) -> str:
        """Return the value of an answer that has one."""
        return self.answers[option].values[0]

    def wants(self, option: str) -> bool:
        """Tell whether a question of yes or no was answered with yes."""
        return self.value(option) == "yes"

    @property
    def cloud(self) -> Cloud:
        """The chosen cloud."""
        return self.clouds[self.value("cloud")]

    @property
    def cloud_facts(self) -> CloudFacts:
        """What is known of the chosen cloud."""
        return load_cloud(self.value("cloud"))

    @property
    def facts(self) -> Facts:
        """What is documented for the chosen release and edition."""
        return load_facts(self.value("release"), self.value("edition"))

    @property
    def scenario(self) -> Scenario:
        """The chosen scenario."""
        return self.facts.scenarios[self.value("scenario")]

    @property
    def nodes(self) -> Mapping[str, tuple[str, ...]]:
        """Roles by node: those of the scenario that are wanted."""
        return without(self.scenario.nodes, collaboration=self.wants("collaboration"), video=self.wants("video"))

    @property
    def draft(self) -> Draft:
        """The deployment as a cloud's own questions see it."""
        external = {role for row in self.facts.external for role in row.roles}
        return Draft(
            exposure=self.value("exposure"),
            nodes=self.nodes,
            exposed=tuple(name for name, roles in self.nodes.items() if not external.isdisjoint(roles)),
            os=self.facts.release.default_os,
        )

    @staticmethod
    def release_names() -> dict[str, str]:
        """Return every way to write a release, with its own name; the newest first."""
        newest_first = reversed(list(releases().values()))
        return {alias: one.name for one in newest_first for alias in (one.name, *one.aliases)}
