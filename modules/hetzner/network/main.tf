locals {
  labels = { deployment = var.name, managed-by = "terraform" }

  # The key is constant, so that another gateway's address replaces the route and nothing else.
  way_out = var.way_out == null ? {} : { internet = var.way_out }
}

resource "hcloud_network" "this" {
  name     = var.name
  ip_range = var.cidr
  labels   = local.labels

  delete_protection = var.protect
}

resource "hcloud_network_subnet" "this" {
  for_each = var.subnets

  network_id   = hcloud_network.this.id
  ip_range     = each.value.cidr
  network_zone = var.zone
  type         = "cloud"
}

# Hetzner's router hands packets to an address, not to a machine: the route may exist before the
# machine does, and the nodes' first boot finds its way out as soon as that machine forwards.
resource "hcloud_network_route" "this" {
  for_each = local.way_out

  network_id  = hcloud_network.this.id
  destination = "0.0.0.0/0"
  gateway     = each.value

  lifecycle {
    precondition {
      condition     = each.value != cidrhost(var.cidr, 1)
      error_message = "way_out is ${each.value}, the network's first address: that is Hetzner's own router."
    }
  }

  depends_on = [hcloud_network_subnet.this]
}
