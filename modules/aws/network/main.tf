locals {
  private_subnets = { for key, subnet in var.subnets : key => subnet if !subnet.public }
  public_subnets  = { for key, subnet in var.subnets : key => subnet if subnet.public }

  private_tables = length(local.private_subnets) > 0 ? { private = "private" } : {}
  public_tables  = length(local.public_subnets) > 0 ? { public = "public" } : {}

  # The key is constant, so that moving the NAT gateway to another subnet keeps its address.
  nat         = var.nat_subnet == null ? {} : { nat = var.nat_subnet }
  nat_private = length(local.nat) > 0 ? local.private_tables : {}
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = {
    Name = var.name
  }
}

# AWS gives every VPC a group that admits all traffic between its members. Nothing uses it;
# emptied, it cannot open anything when a machine is put into the VPC by hand.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = {
    Name = "${var.name}-default-closed"
  }
}

resource "aws_subnet" "this" {
  for_each = var.subnets

  vpc_id            = aws_vpc.this.id
  cidr_block        = each.value.cidr
  availability_zone = each.value.zone

  # Public nodes get an Elastic IP. An automatic address would change at every stop and would
  # open a path to machines that nobody declared public.
  map_public_ip_on_launch = false

  tags = {
    Name = "${var.name}-${each.key}"
  }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = {
    Name = var.name
  }
}

resource "aws_eip" "nat" {
  for_each = local.nat

  domain = "vpc"

  tags = {
    Name = "${var.name}-nat"
  }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  for_each = local.nat

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.this[each.value].id

  tags = {
    Name = "${var.name}-nat"
  }

  lifecycle {
    precondition {
      condition     = contains(keys(local.public_subnets), each.value)
      error_message = "nat_subnet is \"${each.value}\", which is not one of the public subnets."
    }
  }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_route_table" "this" {
  for_each = merge(local.private_tables, local.public_tables)

  vpc_id = aws_vpc.this.id

  tags = {
    Name = "${var.name}-${each.key}"
  }
}

# Routes are resources of their own, so that an operator may add others (a VPN, a peering)
# to the same table without Terraform removing them.
resource "aws_route" "internet" {
  for_each = local.public_tables

  route_table_id         = aws_route_table.this[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route" "nat" {
  for_each = local.nat_private

  route_table_id         = aws_route_table.this[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this["nat"].id
}

resource "aws_route_table_association" "this" {
  for_each = var.subnets

  subnet_id      = aws_subnet.this[each.key].id
  route_table_id = aws_route_table.this[each.value.public ? "public" : "private"].id
}
