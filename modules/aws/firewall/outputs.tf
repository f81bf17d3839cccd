output "group_ids" {
  description = "Ids of the groups by key. Usable only once all rules exist, so that no machine boots behind half a firewall."
  value       = local.group_ids

  depends_on = [
    aws_vpc_security_group_egress_rule.this,
    aws_vpc_security_group_ingress_rule.this,
  ]
}
