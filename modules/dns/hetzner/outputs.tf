output "name_servers" {
  description = "Name servers of the zone, to be entered at the registrar."
  value       = local.zone.authoritative_nameservers.assigned
}

output "zone_id" {
  description = "Id of the public zone."
  value       = tostring(local.zone.id)
}
