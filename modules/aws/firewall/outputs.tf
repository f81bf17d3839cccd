output "group_ids" {
  description = "Ids of the groups by key. Usable only once all rules exist, so that no machine boots behind half a firewall."
  value       = { for key, group in aws_security_group.this : key => group.id }

  depends_on = [
    aws_vpc_security_group_egress_rule.this,
    aws_vpc_security_group_ingress_rule.this,
  ]
}
