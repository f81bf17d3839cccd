output "allocation_ids" {
  description = "Allocation ids of the Elastic IPs by symbol (public:<node>)."
  value       = { for name, address in aws_eip.this : "public:${name}" => address.allocation_id }
}

output "interfaces" {
  description = "Ids of the primary network interfaces by node: where a route through a node leads. A node that is built again has a new one."
  value       = local.interface_ids
}

output "public_addresses" {
  description = "Public addresses by node; private nodes are not in it."
  value       = { for name, address in aws_eip.this : name => address.public_ip }
}

output "symbols" {
  description = "Values of the placeholders that are known after apply only: public:<node> is an address, volume:<key> a volume's id without its hyphen."
  value = merge(
    { for name, address in aws_eip.this : "public:${name}" => address.public_ip },
    local.volume_symbols,
  )
}

output "volume_ids" {
  description = "Ids of the data volumes by key."
  value       = local.volume_ids
}
