output "nat_address" {
  description = "Public address that private nodes are seen with; null without a NAT gateway."
  value       = one(values(aws_eip.nat)[*].public_ip)
}

output "private_route_tables" {
  description = "Ids of the route tables of private subnets by key, for a default route that is not NAT; empty without private subnets."
  value       = { for key in keys(local.private_tables) : key => aws_route_table.this[key].id }
}

output "subnets" {
  description = "Subnets by key: id and availability zone. Usable only once their routes exist, so that a machine's first boot finds its way out."
  value       = { for key, subnet in aws_subnet.this : key => { id = subnet.id, zone = var.subnets[key].zone } }

  depends_on = [
    aws_route.internet,
    aws_route.nat,
    aws_route_table_association.this,
  ]
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}
