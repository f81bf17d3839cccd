# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

locals {
  # @@symbol@@ in a generated text stands for a value that is known after apply only; other at signs are text.
  texts = {
    for name in concat(["hand-over.md"], [for zone in keys(var.dns.zones) : "dns/${zone}.zone"]) : name => join("", [
      for part in regexall("@@[a-z]+:[a-z0-9-]+@@|[^@]+|@", file("${path.module}/${name}")) :
      startswith(part, "@@") ? module.nodes.symbols[trim(part, "@")] : part
    ])
  }

  ssh_hosts = [
    for name, node in var.nodes : join("\n", compact([
      "Host ${name} ${node.fqdn}",
      "    HostKeyAlias ${node.fqdn}",
      "    HostName ${node.login_address == "public" ? module.nodes.public_addresses[name] : node.private_address}",
      "    User ${node.login_user}",
      node.jump == null ? "" : "    ProxyJump ${node.jump}",
    ]))
  ]
}

# The long texts hold no secret: they are sensitive so that a plan does not print them, which would drown what changes.
output "hand_over" {
  description = "The hand-over sheet, with all addresses: terraform output -raw hand_over."
  value       = local.texts["hand-over.md"]
  sensitive   = true
}

output "name_servers" {
  description = "Name servers by public zone, to be entered at the registrar; empty when they are served elsewhere."
  value       = local.name_servers
}

output "nodes" {
  description = "Nodes by name: FQDN, roles, private address, and public address where there is one."
  value = {
    for name, node in var.nodes : name => {
      fqdn            = node.fqdn
      roles           = node.roles
      private_address = node.private_address
      public_address  = lookup(module.nodes.public_addresses, name, null)
    }
  }
}

output "ssh_config" {
  description = "Client configuration that reaches every node: terraform output -raw ssh_config > ssh_config.local && ssh -F ssh_config.local <node>."
  value       = "${join("\n\n", local.ssh_hosts)}\n"
  sensitive   = true
}

output "volumes" {
  description = "Ids of the data volumes by key."
  value       = module.nodes.volume_ids
}

output "zone" {
  description = "The public zones one after the other, with all addresses: terraform output -raw zone."
  value       = join("\n", [for zone in keys(var.dns.zones) : local.texts["dns/${zone}.zone"]])
  sensitive   = true
}

output "zones" {
  description = "The public zones as zone files, by name, with all addresses."
  value       = { for zone in keys(var.dns.zones) : zone => local.texts["dns/${zone}.zone"] }
  sensitive   = true
}
