output "primary_ips" {
  description = "Primary IPs by symbol (public:<node>): id and address."
  value       = { for name, address in hcloud_primary_ip.this : "public:${name}" => { id = address.id, address = address.ip_address } }
}

output "public_addresses" {
  description = "Public addresses by node; nodes without one are not in it."
  value       = { for name, address in hcloud_primary_ip.this : name => address.ip_address }
}

output "server_ids" {
  description = "Ids of the servers by node."
  value       = local.server_ids
}

output "symbols" {
  description = "Values of the placeholders that are known after apply only: public:<node> is an address, volume:<key> a volume's id."
  value = merge(
    { for name, address in hcloud_primary_ip.this : "public:${name}" => address.ip_address },
    local.volume_symbols,
  )
}

output "volume_ids" {
  description = "Ids of the data volumes by key."
  value       = local.volume_ids
}
