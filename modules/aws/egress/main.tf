# A module of its own, not a part of the network: machines need subnets, and this route needs a machine.
resource "aws_route" "this" {
  for_each = var.gateway == null ? {} : var.route_tables

  route_table_id         = each.value
  destination_cidr_block = "0.0.0.0/0"
  network_interface_id   = var.interfaces[var.gateway]

  lifecycle {
    precondition {
      condition     = contains(keys(var.interfaces), var.gateway)
      error_message = "gateway is \"${var.gateway}\", which is not one of the nodes."
    }
  }
}
