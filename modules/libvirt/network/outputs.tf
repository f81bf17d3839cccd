output "inside" {
  description = "What the nodes' inner interfaces are attached to: a bridge of the hypervisor, or a network of libvirt."
  value = {
    bridge  = try(var.inside.bridge, null)
    network = var.inside == null ? libvirt_network.inside["inside"].name : var.inside.network
  }
}

output "uplink" {
  description = "What interfaces on the uplink are attached to, likewise; null without one."
  value = var.uplink == null ? null : {
    bridge  = var.uplink.bridge
    network = var.uplink.cidr == null ? var.uplink.network : libvirt_network.uplink["uplink"].name
  }
}
