"""The facts of the clouds are complete and sane."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

import msgspec
import pytest

import generator.facts
from generator.facts import CloudFacts, FactsError, load_cloud, releases

CLOUDS = sorted(path.stem for path in Path(generator.facts.__file__).with_name("data").glob("clouds/*.yaml"))


@pytest.fixture(params=CLOUDS)
def cloud(request: pytest.FixtureRequest) -> CloudFacts:
    return load_cloud(request.param)


@pytest.fixture(params=[name for name in CLOUDS if load_cloud(name).types])
def shop(request: pytest.FixtureRequest) -> CloudFacts:
    """A cloud that sells machines by type; on one's own premises their sizes are free."""
    return load_cloud(request.param)


def test_the_file_is_named_after_the_provider(cloud: CloudFacts) -> None:
    assert load_cloud(cloud.provider) is cloud


@pytest.mark.parametrize("provider", ["azur", "../releases", ""])
def test_an_unknown_cloud_is_refused_naming_the_known(provider: str) -> None:
    with pytest.raises(FactsError, match="aws"):
        load_cloud(provider)


def test_types_are_ordered_by_preference(shop: CloudFacts) -> None:
    ranks = [
        3 if one.retired else 2 if one.architecture == "arm64" else 1 if one.burstable else 0 for one in shop.types
    ]
    assert ranks == sorted(ranks)
    assert {0, 2} <= set(ranks)


def test_types_are_sane(shop: CloudFacts) -> None:
    names = [one.name for one in shop.types]
    assert len(set(names)) == len(names)
    for one in shop.types:
        assert one.vcpu >= 1
        assert 0 < one.memory_gib <= 16 * one.vcpu
        assert one.disk_gib is None or one.disk_gib >= 20
        assert set(one.not_in) < set(shop.regions), one.name
        assert one.source, one.name
    assert len({one.disk_gib is None for one in shop.types}) == 1, "system disks are all chosen freely or all fixed"


def test_a_retired_type_says_what_took_its_place(shop: CloudFacts) -> None:
    sold = {one.name for one in shop.types if not one.retired}
    for one in shop.types:
        assert not one.retired or set(re.findall(r"[a-z0-9.-]+", one.retired)) & sold, one.name


def test_every_region_has_types_for_the_largest_example(shop: CloudFacts) -> None:
    for region in shop.regions:
        assert any(
            one.vcpu >= 8 and one.memory_gib >= 32 and (one.disk_gib or 120) >= 120
            for one in shop.types
            if one.architecture == "x86_64" and not one.burstable and not one.retired and region not in one.not_in
        ), region


def test_images_cover_every_system_that_a_release_supports(cloud: CloudFacts) -> None:
    assert set(cloud.images) == {name for release in releases().values() for name in release.os}
    for name, image in cloud.images.items():
        assert image.source, name
        assert image.login_user, name
        assert image.offered == bool(image.name), name
        assert image.offered != bool(image.make), name
        assert bool(image.end_date) == image.include_deprecated, name
        assert not image.include_deprecated or image.note, name
    assert any(image.offered for image in cloud.images.values())


def test_limits_have_sources(cloud: CloudFacts) -> None:
    limits = cloud.limits
    named = {field.name: field for field in msgspec.structs.fields(limits) if field.name != "sources"}
    assert set(limits.sources) <= set(named)
    assert all(limits.sources.values())
    for name, field in named.items():
        value = getattr(limits, name)
        assert name in limits.sources or value == field.default, name
        assert value is None or value >= 0
    assert limits.user_data_bytes > 0
    assert 0 < limits.volume_min_gib < limits.volume_gib
    assert 0 < limits.subnet_prefix_min < limits.subnet_prefix_max < 32
    assert cloud.outbound_smtp.source


def test_name_servers_and_routers_have_sources(cloud: CloudFacts) -> None:
    assert cloud.resolvers
    assert all(ipaddress.IPv4Address(one) for one in cloud.resolvers)
    assert cloud.sources.resolvers
    assert bool(cloud.network_router) == bool(cloud.sources.network_router)
    assert bool(cloud.network_zones) == bool(cloud.sources.network_zones)
    assert set(cloud.network_zones) in (set(), set(cloud.regions))
    # A node never gets the router's address.
    assert cloud.network_router < cloud.limits.reserved_addresses_first


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


def test_aws_has_burstable_types_and_all_are_sold() -> None:
    types = load_cloud("aws").types
    assert any(one.burstable for one in types)
    assert not any(one.retired for one in types)


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
    assert found.disk_gib is None


def test_aws_limits() -> None:
    limits = load_cloud("aws").limits
    assert (limits.rules_per_group, limits.groups_per_interface, limits.elastic_ips) == (60, 5, 5)
    assert (limits.user_data_bytes, limits.volume_gib) == (16384, 16384)
    assert (limits.reserved_addresses_first, limits.reserved_addresses_last) == (4, 1)
    assert (limits.volume_min_gib, limits.ranges_per_rule, limits.placement_group_size) == (1, 1, 0)


def test_aws_network() -> None:
    cloud = load_cloud("aws")
    assert cloud.resolvers == ("169.254.169.253",)
    assert (cloud.network_router, dict(cloud.network_zones)) == (0, {})


def test_hetzner_regions_are_its_locations() -> None:
    cloud = load_cloud("hetzner")
    assert cloud.regions == {name: (name,) for name in ("ash", "fsn1", "hel1", "hil", "nbg1", "sin")}
    assert cloud.network_zones == {
        "ash": "us-east",
        "fsn1": "eu-central",
        "hel1": "eu-central",
        "hil": "us-west",
        "nbg1": "eu-central",
        "sin": "ap-southeast",
    }


EUROPE = {"fsn1", "hel1", "nbg1"}
AMERICA = {"ash", "hil"}
ASIA = {"sin"}


@pytest.mark.parametrize(
    ("name", "vcpu", "memory", "disk", "sold_in"),
    [
        ("cx23", 2, 4, 40, EUROPE),
        ("cx33", 4, 8, 80, EUROPE),
        ("cx43", 8, 16, 160, EUROPE),
        ("cx53", 16, 32, 320, EUROPE),
        ("cpx12", 1, 2, 40, EUROPE | ASIA),
        ("cpx22", 2, 4, 80, EUROPE | ASIA),
        ("cpx32", 4, 8, 160, EUROPE | ASIA),
        ("cpx42", 8, 16, 320, EUROPE | ASIA),
        ("cpx52", 12, 24, 480, EUROPE | ASIA),
        ("cpx62", 16, 32, 640, EUROPE | ASIA),
        ("cpx11", 2, 2, 40, AMERICA),
        ("cpx21", 3, 4, 80, AMERICA),
        ("cpx31", 4, 8, 160, AMERICA),
        ("cpx41", 8, 16, 240, AMERICA),
        ("cpx51", 16, 32, 360, AMERICA),
        ("ccx13", 2, 8, 80, EUROPE | AMERICA | ASIA),
        ("ccx23", 4, 16, 160, EUROPE | AMERICA | ASIA),
        ("ccx33", 8, 32, 240, EUROPE | AMERICA | ASIA),
        ("ccx43", 16, 64, 360, EUROPE | AMERICA | ASIA),
        ("ccx53", 32, 128, 600, EUROPE | AMERICA | ASIA),
        ("ccx63", 48, 192, 960, EUROPE | AMERICA | ASIA),
    ],
)
def test_hetzner_types(name: str, vcpu: int, memory: int, disk: int, sold_in: set[str]) -> None:
    cloud = load_cloud("hetzner")
    found = {one.name: one for one in cloud.types}[name]
    assert (found.vcpu, found.memory_gib, found.disk_gib) == (vcpu, memory, disk)
    assert set(cloud.regions) - set(found.not_in) == sold_in
    assert (found.architecture, found.burstable, found.retired) == ("x86_64", False, "")


@pytest.mark.parametrize(
    ("region", "least", "expected"),
    [
        ("fsn1", (4, 8), "cpx32"),
        ("nbg1", (4, 16), "cpx42"),
        ("hel1", (16, 64), "ccx43"),
        ("sin", (1, 2), "cpx12"),
        ("ash", (4, 8), "cpx31"),
        ("hil", (4, 16), "cpx41"),
        ("ash", (48, 192), "ccx63"),
    ],
)
def test_hetzner_prefers_the_smallest_that_can_be_had(region: str, least: tuple[int, int], expected: str) -> None:
    first = next(
        one.name
        for one in load_cloud("hetzner").types
        if region not in one.not_in and one.vcpu >= least[0] and one.memory_gib >= least[1]
    )
    assert first == expected


@pytest.mark.parametrize("name", ["cx11", "cx21", "cx31", "cx41", "cx51", "cx22", "cx32", "cx42", "cx52"])
def test_hetzner_knows_types_that_it_sells_no_more(name: str) -> None:
    found = {one.name: one for one in load_cloud("hetzner").types}[name]
    assert re.search(r"20\d\d", found.retired)


@pytest.mark.parametrize("name", ["cax11", "cax21", "cax31", "cax41"])
def test_hetzner_knows_arm_types(name: str) -> None:
    assert {one.name: one for one in load_cloud("hetzner").types}[name].architecture == "arm64"


def test_hetzner_limits() -> None:
    limits = load_cloud("hetzner").limits
    assert (limits.rules_per_group, limits.effective_rules_per_group, limits.ranges_per_rule) == (50, 500, 100)
    assert (limits.groups_per_interface, limits.elastic_ips) == (5, None)
    assert limits.user_data_bytes == 32768
    assert (limits.volume_min_gib, limits.volume_gib) == (10, 10240)
    assert (limits.placement_group_size, limits.placement_groups) == (10, 50)
    # 10.0.0.0 and 10.0.0.1 of 10.0.0.0/16, and the last address.
    assert (limits.reserved_addresses_first, limits.reserved_addresses_last) == (2, 1)


def test_hetzner_network() -> None:
    cloud = load_cloud("hetzner")
    assert set(cloud.resolvers) == {"185.12.64.1", "185.12.64.2"}
    assert cloud.network_router == 1


def test_hetzner_images() -> None:
    images = load_cloud("hetzner").images
    offered = {name: image.name for name, image in images.items() if image.offered}
    assert offered == {"ubuntu-22.04": "ubuntu-22.04", "ubuntu-24.04": "ubuntu-24.04"}
    assert {name: image.login_user for name, image in images.items()} == {
        "ubuntu-20.04": "ubuntu",
        "ubuntu-22.04": "root",
        "ubuntu-24.04": "root",
        "rhel-8": "cloud-user",
        "rhel-9": "cloud-user",
    }
    for name in ("ubuntu-20.04", "rhel-8", "rhel-9"):
        # The command that labels the snapshot and the key that finds it agree.
        assert f"--labels os={name}" in images[name].make
        assert f"{{images: {{{name}: os={name}}}}}" in images[name].make


def test_hetzner_says_how_mail_gets_out() -> None:
    text = load_cloud("hetzner").outbound_smtp.text
    assert all(word in text for word in ("25", "465", "587", "relay"))
