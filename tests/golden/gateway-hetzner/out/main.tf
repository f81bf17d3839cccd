# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

module "network" {
  source = "./modules/hetzner/network"

  name    = var.name
  cidr    = var.network.cidr
  zone    = var.network.zone
  subnets = var.network.subnets
  protect = var.protect
  way_out = var.network.way_out ? var.nodes[var.network.gateway].private_address : null
}

module "firewall" {
  source = "./modules/hetzner/firewall"

  name   = var.name
  groups = keys(var.firewall.groups)
  rules  = var.firewall.rules
}

module "nodes" {
  source = "./modules/hetzner/nodes"

  name      = var.name
  location  = var.region
  nodes     = var.nodes
  volumes   = var.volumes
  images    = var.images
  subnets   = module.network.subnets
  group_ids = module.firewall.group_ids
  ssh       = var.ssh
  protect   = var.protect
  user_data = { for name, node in var.nodes : name => file("${path.module}/${node.user_data}") }
}

module "public_records" {
  source = "./modules/dns/records"

  records = var.dns.public
  symbols = module.nodes.symbols
}

module "public_zone" {
  source   = "./modules/dns/hetzner"
  for_each = var.dns.zones

  name          = var.name
  domain        = each.key
  existing_zone = each.value.existing
  records = {
    for key, record in module.public_records.records : key => record if var.dns.public[key].zone == each.key
  }
}

locals {
  name_servers = { for zone, module in module.public_zone : zone => module.name_servers }
}

module "ptr" {
  source = "./modules/hetzner/ptr"

  names       = var.dns.ptr
  primary_ips = module.nodes.primary_ips

  # The forward record must answer before its reverse is accepted.
  depends_on = [module.public_zone]
}
