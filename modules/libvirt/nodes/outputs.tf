output "public_addresses" {
  description = "Public addresses by node; nodes without one are not in it."
  value       = { for name, node in var.nodes : name => node.public_address if node.public_address != null }
}

output "server_ids" {
  description = "UUIDs of the machines by node."
  value       = { for name, server in libvirt_domain.this : name => server.uuid }
}

output "symbols" {
  description = "Values of the placeholders in generated texts: public:<node> is an address, volume:<key> a volume's serial."
  value = merge(
    { for name, node in var.nodes : "public:${name}" => node.public_address if node.public_address != null },
    local.volume_symbols,
  )
}

output "volume_ids" {
  description = "Ids of the data volumes by key: their paths on the hypervisor."
  value       = { for key, volume in libvirt_volume.data : key => volume.id }
}
