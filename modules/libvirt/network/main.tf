locals {
  # The keys are constant: another name of the deployment must not make networks anew.
  own_inside = var.inside == null ? { inside = var.name } : {}
  own_uplink = try(var.uplink.cidr, null) == null ? {} : { uplink = "${var.name}-uplink" }

  uplink_prefix = try(tonumber(split("/", var.uplink.cidr)[1]), 32)
  uplink_router = try("${cidrhost(var.uplink.cidr, 1)}/${local.uplink_prefix}", "")
}

# A switch and nothing else: no address of the hypervisor, no DHCP, no DNS, no way out. What the
# nodes need to know of it is in their own network configuration.
resource "libvirt_network" "inside" {
  for_each = local.own_inside

  name      = each.value
  autostart = true

  lifecycle {
    # libvirt changes a network by making it anew, which cuts off every machine that runs on it.
    ignore_changes = all
  }
}

resource "libvirt_network" "uplink" {
  for_each = local.own_uplink

  name      = each.value
  autostart = true

  forward = {
    mode = "nat"
  }

  # The lower half of the range is free for fixed addresses.
  ips = [{
    address = cidrhost(var.uplink.cidr, 1)
    prefix  = local.uplink_prefix
    dhcp = {
      ranges = [{
        start = cidrhost(var.uplink.cidr, pow(2, 31 - local.uplink_prefix))
        end   = cidrhost(var.uplink.cidr, -2)
      }]
    }
  }]

  lifecycle {
    ignore_changes = all

    postcondition {
      # Nothing is to be compared where the making of it failed.
      condition     = contains(["", local.uplink_router], join("", [for ip in self.ips[*] : "${ip.address}/${ip.prefix}"]))
      error_message = "Machines run on the network ${self.name}: it keeps its range, and cannot take ${var.uplink.cidr}."
    }
  }
}
