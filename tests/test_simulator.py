"""What the simulated AWS does as AWS does, and moto alone would not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from generator.rehearse.aws_simulator import AwsSimulator

ADDRESS = "10.20.240.10"


@pytest.fixture(scope="module")
def ec2() -> Iterator[Any]:
    with AwsSimulator(images=["ami-0123456789abcdef0"]) as simulator:
        yield boto3.client(
            "ec2",
            region_name="eu-central-1",
            endpoint_url=simulator.url,
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(retries={"total_max_attempts": 1}),
        )


@pytest.fixture
def subnet(ec2: Any) -> dict[str, Any]:
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    found: dict[str, Any] = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.240.0/20")["Subnet"]
    return found


def launch(ec2: Any, subnet: dict[str, Any], **more: Any) -> dict[str, Any]:
    place = {} if more else {"SubnetId": subnet["SubnetId"], "PrivateIpAddress": ADDRESS}
    started = ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1, **place, **more)
    instance: dict[str, Any] = started["Instances"][0]
    return instance


def interface_of(instance: dict[str, Any]) -> str:
    interface: str = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    return interface


def interfaces(ec2: Any) -> set[str]:
    return {found["NetworkInterfaceId"] for found in ec2.describe_network_interfaces()["NetworkInterfaces"]}


@pytest.mark.slow
def test_an_instance_is_rebuilt_with_its_address(ec2: Any, subnet: dict[str, Any]) -> None:
    first = launch(ec2, subnet)
    ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    assert interface_of(first) not in interfaces(ec2)
    second = launch(ec2, subnet)
    assert second["PrivateIpAddress"] == ADDRESS
    assert interface_of(second) in interfaces(ec2) - {interface_of(first)}


def test_an_interface_that_was_there_before_outlives_its_instance(ec2: Any, subnet: dict[str, Any]) -> None:
    made = ec2.create_network_interface(SubnetId=subnet["SubnetId"], PrivateIpAddress=ADDRESS)["NetworkInterface"]
    own = {"DeviceIndex": 0, "NetworkInterfaceId": made["NetworkInterfaceId"]}
    instance = launch(ec2, subnet, NetworkInterfaces=[own])
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert made["NetworkInterfaceId"] in interfaces(ec2)


def test_a_launch_may_keep_its_interface(ec2: Any, subnet: dict[str, Any]) -> None:
    kept = {"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "DeleteOnTermination": False}
    instance = launch(ec2, subnet, NetworkInterfaces=[kept])
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert interface_of(instance) in interfaces(ec2)


def test_a_route_table_has_one_default_route(ec2: Any, subnet: dict[str, Any]) -> None:
    interface = interface_of(launch(ec2, subnet))
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=subnet["VpcId"])
    table = ec2.create_route_table(VpcId=subnet["VpcId"])["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    with pytest.raises(ClientError) as refused:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=interface)
    assert refused.value.response["Error"]["Code"] == "RouteAlreadyExists"
    ec2.replace_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=interface)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.98.0.0/24", NetworkInterfaceId=interface)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    targets = {route["DestinationCidrBlock"]: route.get("NetworkInterfaceId") for route in routes}
    assert targets == {"10.20.0.0/16": None, "0.0.0.0/0": interface, "10.98.0.0/24": interface}
