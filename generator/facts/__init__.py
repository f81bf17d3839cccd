"""Documented facts as data: releases of Carbonio and the clouds they run on."""

from generator.facts.base import EVERY_NODE, Edition, Fact, FactsError, Family, Protocol
from generator.facts.cloud import CloudFacts, CloudImage, CloudLimits, MachineType
from generator.facts.load import load_cloud, load_facts, releases
from generator.facts.model import (
    EditionRules,
    Facts,
    MeshAgent,
    OperatingSystem,
    PortRow,
    ProcedurePort,
    Release,
    Role,
    Scenario,
    Service,
)
from generator.facts.procedure import Command, Install, InstallStep, OrderNote, WrittenValue
from generator.facts.repositories import (
    AptRepository,
    PackageSource,
    Prerequisites,
    Repositories,
    SubscriptionRepositories,
    YumRepository,
)
from generator.facts.sizing import (
    Hardware,
    NodeHardware,
    RecordingHardware,
    RecordingPlace,
    RoleHardware,
    SingleNodeHardware,
    VideoHardware,
)

__all__ = [
    "EVERY_NODE",
    "AptRepository",
    "CloudFacts",
    "CloudImage",
    "CloudLimits",
    "Command",
    "Edition",
    "EditionRules",
    "Fact",
    "Facts",
    "FactsError",
    "Family",
    "Hardware",
    "Install",
    "InstallStep",
    "MachineType",
    "MeshAgent",
    "NodeHardware",
    "OperatingSystem",
    "OrderNote",
    "PackageSource",
    "PortRow",
    "Prerequisites",
    "ProcedurePort",
    "Protocol",
    "RecordingHardware",
    "RecordingPlace",
    "Release",
    "Repositories",
    "Role",
    "RoleHardware",
    "Scenario",
    "Service",
    "SingleNodeHardware",
    "SubscriptionRepositories",
    "VideoHardware",
    "WrittenValue",
    "YumRepository",
    "load_cloud",
    "load_facts",
    "releases",
]
