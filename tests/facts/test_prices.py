"""Prices are dated, have a source, and are those that were read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from generator.facts import Price, PriceList, load_cloud, load_prices, price_in
from tests.facts.test_clouds import CLOUDS

SHOPS = [name for name in CLOUDS if load_cloud(name).types]


@pytest.fixture(params=SHOPS)
def listed(request: pytest.FixtureRequest) -> tuple[str, PriceList]:
    found = load_prices(request.param)
    assert found is not None, "where machines are for rent there is a list, be it an empty one"
    return request.param, found


def singles(prices: PriceList) -> list[Price]:
    groups = (prices.storage, prices.public_address, prices.nat_gateway, prices.private_zone, *prices.dns.values())
    return [one for group in groups for one in group or ()]


def test_every_price_has_its_date_its_source_and_known_regions(listed: tuple[str, PriceList]) -> None:
    provider, prices = listed
    regions = set(load_cloud(provider).regions)
    rows = [(one.date, one.source, one.regions) for one in prices.machines]
    rows += [(one.date, one.source, one.regions) for one in singles(prices)]
    for date, source, holds_in in rows:
        assert dt.date(2025, 1, 1) < dt.date.fromisoformat(date) < dt.date(2027, 1, 1)
        assert "https://" in source
        assert set(holds_in) <= regions
    assert all(one.amount >= 0 for one in singles(prices))


def test_prices_are_of_types_that_are_sold(listed: tuple[str, PriceList]) -> None:
    provider, prices = listed
    types = {one.name: one for one in load_cloud(provider).types}
    for group in prices.machines:
        assert set(group.types) <= set(types)
        for name, amount in group.types.items():
            assert amount > 0
            assert not types[name].retired
            assert not set(group.regions) & set(types[name].not_in)


def test_what_the_planner_takes_first_has_a_price_where_there_are_prices(listed: tuple[str, PriceList]) -> None:
    provider, prices = listed
    for group in prices.machines:
        for region in group.regions:
            sold = [one for one in load_cloud(provider).types if region not in one.not_in]
            for one in sold[:20]:
                if one.source == sold[0].source and one.name.partition(".")[0] in {"c6i", "m6i", "r6i"}:
                    assert prices.machine(one.name, region) is not None, one.name


@pytest.mark.parametrize(
    ("provider", "region", "name", "amount", "per"),
    [
        # By the sources that the lists name, row by row from their own sizes.
        ("aws", "eu-central-1", "c6i.xlarge", "0.194", "hour"),
        ("aws", "eu-central-1", "c6i.24xlarge", "4.656", "hour"),
        ("aws", "eu-central-1", "m6i.2xlarge", "0.46", "hour"),
        ("aws", "eu-central-1", "r6i.32xlarge", "9.728", "hour"),
        ("aws", "eu-central-1", "t3.medium", "0.048", "hour"),
        ("aws", "us-east-1", "c6i.xlarge", "0.17", "hour"),
        ("aws", "us-east-1", "r5.24xlarge", "6.048", "hour"),
        ("aws", "us-east-1", "c5.9xlarge", "1.53", "hour"),
        ("hetzner", "fsn1", "cx23", "5.49", "month"),
        ("hetzner", "nbg1", "cpx22", "19.49", "month"),
        ("hetzner", "hel1", "ccx33", "138.49", "month"),
    ],
)
def test_machines_cost_what_was_read(provider: str, region: str, name: str, amount: str, per: str) -> None:
    prices = load_prices(provider)
    assert prices is not None
    price = prices.machine(name, region)
    assert price is not None
    assert (price.amount, price.per) == (Decimal(amount), per)


def test_nothing_is_known_where_nothing_was_read() -> None:
    aws, hetzner = load_prices("aws"), load_prices("hetzner")
    assert aws is not None
    assert hetzner is not None
    assert aws.machine("c6i.xlarge", "eu-west-1") is None
    assert hetzner.machine("ccx13", "ash") is None
    assert price_in(aws.nat_gateway or (), "eu-central-1") is None
    assert load_prices("libvirt") is None
