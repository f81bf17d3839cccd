"""The facts of the clouds are complete and sane."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import generator.facts
from generator.facts import CloudFacts, FactsError, load_cloud, releases

CLOUDS = sorted(path.stem for path in Path(generator.facts.__file__).with_name("data").glob("clouds/*.yaml"))


@pytest.fixture(params=CLOUDS)
def cloud(request: pytest.FixtureRequest) -> CloudFacts:
    return load_cloud(request.param)


def test_the_file_is_named_after_the_provider(cloud: CloudFacts) -> None:
    assert load_cloud(cloud.provider) is cloud


@pytest.mark.parametrize("provider", ["azur", "../releases", ""])
def test_an_unknown_cloud_is_refused_naming_the_known(provider: str) -> None:
    with pytest.raises(FactsError, match="aws"):
        load_cloud(provider)


def test_arm_and_burstable_types_are_never_before_others(cloud: CloudFacts) -> None:
    ranks = [2 if one.architecture == "arm64" else 1 if one.burstable else 0 for one in cloud.types]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2}


def test_types_are_sane(cloud: CloudFacts) -> None:
    names = [one.name for one in cloud.types]
    assert len(set(names)) == len(names)
    for one in cloud.types:
        assert one.vcpu >= 1
        assert 0 < one.memory_gib <= 16 * one.vcpu
        assert set(one.not_in) <= set(cloud.regions)


def test_every_region_has_types_for_the_largest_example(cloud: CloudFacts) -> None:
    for region in cloud.regions:
        assert any(
            one.vcpu >= 8 and one.memory_gib >= 32 and region not in one.not_in
            for one in cloud.types[:12] + cloud.types[24:]
            if one.architecture == "x86_64" and not one.burstable
        )


def test_images_cover_every_system_that_a_release_supports(cloud: CloudFacts) -> None:
    assert set(cloud.images) == {name for release in releases().values() for name in release.os}
    for name, image in cloud.images.items():
        assert image.source, name
        assert image.login_user, name
        assert bool(image.end_date) == image.include_deprecated, name
        assert not image.include_deprecated or image.note, name


def test_limits_have_sources(cloud: CloudFacts) -> None:
    named = {field for field in cloud.limits.__struct_fields__ if field != "sources"}
    assert set(cloud.limits.sources) == named
    assert all(cloud.limits.sources.values())
    assert all(getattr(cloud.limits, name) > 0 for name in named)
    assert cloud.outbound_smtp.source


def test_aws_regions_and_zones() -> None:
    regions = load_cloud("aws").regions
    assert regions["eu-central-1"] == ("eu-central-1a", "eu-central-1b", "eu-central-1c")
    assert [zone[-1] for zone in regions["us-east-1"]] == list("abcdef")
    for region, zones in regions.items():
        assert re.fullmatch(r"[a-z]{2}-[a-z]+-\d", region)
        assert not region.startswith(("cn-", "us-gov-"))
        assert len(zones) >= 2
        assert list(zones) == sorted(set(zones))
        assert all(re.fullmatch(re.escape(region) + "[a-f]", zone) for zone in zones)


def test_aws_prefers_the_cheapest_of_the_generation() -> None:
    first = [one.name for one in load_cloud("aws").types[3:9]]
    assert first == ["c6i.xlarge", "m6i.xlarge", "r6i.xlarge", "c6i.2xlarge", "m6i.2xlarge", "r6i.2xlarge"]


@pytest.mark.parametrize(
    ("name", "vcpu", "memory", "architecture", "burstable"),
    [
        ("m6i.xlarge", 4, 16, "x86_64", False),
        ("r5.2xlarge", 8, 64, "x86_64", False),
        ("c5.9xlarge", 36, 72, "x86_64", False),
        ("t3.xlarge", 4, 16, "x86_64", True),
        ("t3.micro", 2, 1, "x86_64", True),
        ("m7i.48xlarge", 192, 768, "x86_64", False),
        ("m6g.xlarge", 4, 16, "arm64", False),
        ("t4g.medium", 2, 4, "arm64", True),
    ],
)
def test_aws_types(name: str, vcpu: int, memory: int, architecture: str, *, burstable: bool) -> None:
    found = {one.name: one for one in load_cloud("aws").types}[name]
    assert (found.vcpu, found.memory_gib) == (vcpu, memory)
    assert (found.architecture, found.burstable) == (architecture, burstable)


def test_aws_limits() -> None:
    limits = load_cloud("aws").limits
    assert (limits.rules_per_group, limits.groups_per_interface, limits.elastic_ips) == (60, 5, 5)
    assert (limits.user_data_bytes, limits.volume_gib) == (16384, 16384)
    assert (limits.reserved_addresses_first, limits.reserved_addresses_last) == (4, 1)
