# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

locals {
  # @@symbol@@ in a generated text stands for a value that is known after apply only.
  texts = {
    for key, name in { hand_over = "hand-over.md", zone = "dns/${var.domain}.zone" } : key => join("", [
      for index, part in split("@@", file("${path.module}/${name}")) : index % 2 == 0 ? part : module.nodes.symbols[part]
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

output "hand_over" {
  description = "The hand-over sheet, with all addresses: terraform output -raw hand_over."
  value       = local.texts.hand_over
}

output "name_servers" {
  description = "Name servers of the public zone, to be entered at the registrar; empty when it is served elsewhere."
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
}

output "volumes" {
  description = "Ids of the data volumes by key."
  value       = module.nodes.volume_ids
}

output "zone" {
  description = "The public zone as a zone file, with all addresses: terraform output -raw zone."
  value       = local.texts.zone
}
