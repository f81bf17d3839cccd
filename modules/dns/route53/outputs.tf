output "name_servers" {
  description = "Name servers of the zone, to be entered at the registrar."
  value       = local.zone.name_servers
}

output "zone_id" {
  description = "Id of the public zone."
  value       = local.zone.zone_id
}
