# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

module "network" {
  source = "./modules/aws/network"

  name       = var.name
  cidr       = var.network.cidr
  subnets    = var.network.subnets
  nat_subnet = var.network.nat_subnet
}

module "firewall" {
  source = "./modules/aws/firewall"

  name   = var.name
  vpc_id = module.network.vpc_id
  groups = var.firewall.groups
  rules  = var.firewall.rules
}

module "nodes" {
  source = "./modules/aws/nodes"

  name      = var.name
  nodes     = var.nodes
  volumes   = var.volumes
  images    = var.images
  subnets   = module.network.subnets
  group_ids = module.firewall.group_ids
  ssh       = var.ssh
  protect   = var.protect
  user_data = { for name, node in var.nodes : name => file("${path.module}/${node.user_data}") }
}

module "egress" {
  source = "./modules/aws/egress"

  gateway      = var.network.gateway
  interfaces   = module.nodes.interfaces
  route_tables = module.network.private_route_tables
}

module "inside_records" {
  source = "./modules/dns/records"

  records = var.dns.inside
  symbols = module.nodes.symbols
}

module "inside_dns" {
  source = "./modules/aws/inside-dns"

  name    = var.name
  domain  = var.domain
  vpc_id  = module.network.vpc_id
  records = module.inside_records.records
}

module "public_records" {
  source = "./modules/dns/records"

  records = var.dns.public
  symbols = module.nodes.symbols
}

module "public_zone" {
  source   = "./modules/dns/route53"
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
  source = "./modules/aws/ptr"

  names          = var.dns.ptr
  allocation_ids = module.nodes.allocation_ids

  # The forward record must answer before its reverse is accepted.
  depends_on = [module.public_zone]
}
