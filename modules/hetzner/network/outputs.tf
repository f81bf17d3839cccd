output "network_id" {
  description = "Id of the network."
  value       = hcloud_network.this.id
}

output "subnets" {
  description = "Subnets by key, with their id. Usable only once the route exists, so that a machine's first boot finds its way out."
  value       = { for key, subnet in hcloud_network_subnet.this : key => { id = subnet.id } }

  depends_on = [hcloud_network_route.this]
}
