"""Where a node's packages come from."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from generator.facts.base import Fact, Family

Subscription = Literal["rhui", "registered", "activation-key"]


class AptRepository(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of an apt source list, and its key."""

    uri: str
    suite: str
    components: tuple[str, ...]
    key_url: str
    keyring: str


class YumRepository(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One section of a yum repository file."""

    id: str
    name: str
    baseurl: str
    gpgkey: str
    gpgcheck: bool
    repo_gpgcheck: bool


class PackageSource(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A package repository; exactly one of `apt` and `yum` is set."""

    apt: AptRepository | None = None
    yum: YumRepository | None = None

    def data(self) -> dict[str, object]:
        """Return `{"apt": {...}}` or `{"yum": {...}}`, as a node's data file holds it."""
        kind = "apt" if self.apt is not None else "yum"
        return {kind: msgspec.to_builtins(self.apt if self.apt is not None else self.yum)}


class SubscriptionRepositories(Fact, frozen=True, kw_only=True):
    """RHEL's own repository ids to enable, for one kind of subscription."""

    ids: tuple[str, ...]


class Prerequisites(Fact, frozen=True, kw_only=True):
    """Packages that a node needs before the installer starts, sorted by name."""

    packages: tuple[str, ...]


class ExtraPackages(Fact, frozen=True, kw_only=True):
    """Packages for something that a machine does beside Carbonio, per family of operating systems."""

    packages: Mapping[Family, tuple[str, ...]]


class Repositories(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the packages of a release come from on one operating system.

    Attributes:
        carbonio: Carbonio's own repository.
        postgresql: The PostgreSQL project's repository, or None where the distribution's
            own packages are used.
        subscriptions: Repository ids per kind of subscription; empty on Ubuntu.
        prerequisites: Packages that have to be there before the installer starts.
    """

    carbonio: PackageSource
    postgresql: PackageSource | None
    subscriptions: Mapping[Subscription, SubscriptionRepositories]
    prerequisites: Prerequisites
