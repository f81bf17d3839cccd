output "group_ids" {
  description = "Ids of the firewalls by key of their group."
  value       = { for key, firewall in hcloud_firewall.this : key => firewall.id }

  precondition {
    condition     = alltrue([for rule in values(var.rules) : contains(var.groups, rule.group)])
    error_message = "Rules stand in groups that do not exist: ${join(", ", setsubtract(values(var.rules)[*].group, var.groups))}."
  }
}
