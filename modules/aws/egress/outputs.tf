output "routes" {
  description = "Ids of the default routes by key of the route table; empty without a gateway."
  value       = { for key, route in aws_route.this : key => route.id }
}
