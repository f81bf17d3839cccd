# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

module "network" {
  source = "./modules/libvirt/network"

  name   = var.name
  inside = var.network.inside
  uplink = var.network.uplink
}

module "nodes" {
  source = "./modules/libvirt/nodes"

  name       = var.name
  hypervisor = var.hypervisor
  nodes      = var.nodes
  volumes    = var.volumes
  images     = var.images
  storage    = var.storage
  networks   = { inside = module.network.inside, uplink = module.network.uplink }
  ssh        = var.ssh
  lab        = var.lab

  user_data      = { for name, node in var.nodes : name => file("${path.module}/${node.user_data}") }
  network_config = { for name, node in var.nodes : name => file("${path.module}/${node.network_config}") }
}

# The public zone is served elsewhere: terraform output -raw zone prints what belongs into it.
locals {
  name_servers = {}
}
