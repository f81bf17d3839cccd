output "zone_id" {
  description = "Id of the private zone."
  value       = aws_route53_zone.this.zone_id
}
