mock_provider "aws" {}

variables {
  gateway      = "gateway"
  interfaces   = { gateway = "eni-00000000000000001", store1 = "eni-00000000000000002" }
  route_tables = { private = "rtb-00000000000000001" }
}

run "private_subnets_leave_through_the_gateway" {
  assert {
    condition = (
      keys(aws_route.this) == ["private"] &&
      aws_route.this["private"].route_table_id == "rtb-00000000000000001" &&
      aws_route.this["private"].destination_cidr_block == "0.0.0.0/0" &&
      aws_route.this["private"].network_interface_id == "eni-00000000000000001"
    )
    error_message = "The default route of each private route table leads to the gateway's interface."
  }

  assert {
    condition     = output.routes == { private = aws_route.this["private"].id }
    error_message = "Routes are reported by the key of their route table."
  }
}

run "the_route_follows_a_new_interface" {
  variables {
    interfaces = { gateway = "eni-0000000000000000f", store1 = "eni-00000000000000002" }
  }

  assert {
    condition     = aws_route.this["private"].network_interface_id == "eni-0000000000000000f"
    error_message = "A gateway that was built again has a new interface, and the route leads there."
  }
}

run "every_private_route_table_has_a_route" {
  command = plan

  variables {
    route_tables = { one = "rtb-00000000000000001", two = "rtb-00000000000000002" }
  }

  assert {
    condition     = { for key, route in aws_route.this : key => route.route_table_id } == { one = "rtb-00000000000000001", two = "rtb-00000000000000002" }
    error_message = "There is one default route for each route table, under its key."
  }
}

run "no_route_without_a_gateway" {
  command = plan

  variables {
    gateway = null
  }

  assert {
    condition     = length(aws_route.this) == 0 && length(output.routes) == 0
    error_message = "Without a gateway the route tables are left as they are."
  }
}

run "no_route_without_private_subnets" {
  command = plan

  variables {
    route_tables = {}
  }

  assert {
    condition     = length(aws_route.this) == 0
    error_message = "Where all subnets are public nothing leaves through the gateway."
  }
}

run "an_unknown_gateway_is_refused" {
  command = plan

  variables {
    gateway = "gateway2"
  }

  expect_failures = [aws_route.this]
}
