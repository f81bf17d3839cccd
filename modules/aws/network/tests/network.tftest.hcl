mock_provider "aws" {}

variables {
  name       = "example-com"
  cidr       = "10.20.0.0/16"
  nat_subnet = "public-a"
  subnets = {
    private-a = { cidr = "10.20.0.0/20", zone = "eu-central-1a", public = false }
    private-b = { cidr = "10.20.16.0/20", zone = "eu-central-1b", public = false }
    public-a  = { cidr = "10.20.128.0/20", zone = "eu-central-1a", public = true }
  }
}

run "subnets_are_as_given" {
  command = plan

  assert {
    condition     = aws_vpc.this.cidr_block == "10.20.0.0/16" && aws_vpc.this.enable_dns_support && aws_vpc.this.enable_dns_hostnames
    error_message = "The VPC has the range, and answers DNS: the inside zone needs both switches."
  }

  assert {
    condition     = { for key, subnet in aws_subnet.this : key => "${subnet.cidr_block} ${subnet.availability_zone}" } == { private-a = "10.20.0.0/20 eu-central-1a", private-b = "10.20.16.0/20 eu-central-1b", public-a = "10.20.128.0/20 eu-central-1a" }
    error_message = "Each subnet has its own range and zone."
  }

  assert {
    condition     = !anytrue([for subnet in values(aws_subnet.this) : subnet.map_public_ip_on_launch])
    error_message = "No subnet hands out public addresses."
  }

  assert {
    condition     = keys(aws_route_table.this) == ["private", "public"] && toset(keys(aws_route_table_association.this)) == toset(keys(var.subnets))
    error_message = "There is one route table of each kind, and every subnet is associated."
  }

  assert {
    condition     = aws_route.internet["public"].destination_cidr_block == "0.0.0.0/0" && aws_route.nat["private"].destination_cidr_block == "0.0.0.0/0"
    error_message = "Both kinds have a default route."
  }
}

run "private_and_public_do_not_mix" {
  assert {
    condition = (
      aws_route_table_association.this["private-a"].route_table_id == aws_route_table.this["private"].id &&
      aws_route_table_association.this["private-b"].route_table_id == aws_route_table.this["private"].id &&
      aws_route_table_association.this["public-a"].route_table_id == aws_route_table.this["public"].id
    )
    error_message = "Each subnet is associated with the route table of its kind."
  }

  assert {
    condition = (
      aws_route.internet["public"].gateway_id == aws_internet_gateway.this.id &&
      aws_route.nat["private"].nat_gateway_id == aws_nat_gateway.this["nat"].id &&
      aws_route.nat["private"].route_table_id == aws_route_table.this["private"].id
    )
    error_message = "Public subnets leave by the internet gateway, private ones by NAT."
  }

  assert {
    condition     = aws_nat_gateway.this["nat"].subnet_id == aws_subnet.this["public-a"].id && output.nat_address == aws_eip.nat["nat"].public_ip
    error_message = "The NAT gateway stands in its subnet, and its address is reported."
  }

  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The VPC's default group admits nothing."
  }

  assert {
    condition     = output.subnets["private-b"] == { id = aws_subnet.this["private-b"].id, zone = "eu-central-1b" }
    error_message = "Subnets are reported with id and zone."
  }

  assert {
    condition     = output.private_route_tables == { private = aws_route_table.this["private"].id }
    error_message = "The route table of private subnets, and no other, is reported for further routes."
  }
}

run "no_nat_without_a_subnet_for_it" {
  command = plan

  variables {
    nat_subnet = null
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_eip.nat) == 0 && length(aws_route.nat) == 0 && output.nat_address == null
    error_message = "Without nat_subnet nothing of NAT is built or paid."
  }

  assert {
    condition     = keys(output.private_route_tables) == ["private"] && keys(aws_route.internet) == ["public"]
    error_message = "Private subnets keep their route table without NAT, with the default route left to the caller."
  }
}

run "no_private_route_table_without_private_subnets" {
  command = plan

  variables {
    nat_subnet = null
    subnets    = { public-a = { cidr = "10.20.128.0/20", zone = "eu-central-1a", public = true } }
  }

  assert {
    condition     = length(output.private_route_tables) == 0 && keys(aws_route_table.this) == ["public"]
    error_message = "Where all subnets are public there is no private route table."
  }
}

run "nat_needs_a_public_subnet" {
  command = plan

  variables {
    nat_subnet = "private-a"
  }

  expect_failures = [aws_nat_gateway.this]
}

run "wrong_range_is_refused" {
  command = plan

  variables {
    cidr = "10.20.0.0/8"
  }

  expect_failures = [var.cidr]
}

run "wrong_zone_is_refused" {
  command = plan

  variables {
    nat_subnet = null
    subnets    = { one = { cidr = "10.20.0.0/20", zone = "a", public = true } }
  }

  expect_failures = [var.subnets]
}
