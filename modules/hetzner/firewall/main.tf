locals {
  labels = { deployment = var.name, managed-by = "terraform" }

  rules = {
    for group in var.groups : group => { for key, rule in var.rules : key => rule if rule.group == group }
  }

  # Hetzner takes 128 characters in a name; a group of many roles has a longer key.
  names = {
    for group in var.groups : group => (
      length("${var.name}-${group}") <= 128 ? "${var.name}-${group}" : "${substr("${var.name}-${group}", 0, 119)}-${substr(sha256(group), 0, 8)}"
    )
  }
}

# Rules are a part of their firewall: Hetzner replaces all of them at once, without a moment between.
resource "hcloud_firewall" "this" {
  for_each = var.groups

  name   = local.names[each.key]
  labels = local.labels

  dynamic "rule" {
    for_each = local.rules[each.key]

    content {
      direction       = rule.value.direction
      protocol        = rule.value.protocol
      port            = rule.value.ports
      source_ips      = rule.value.direction == "in" ? rule.value.ranges : null
      destination_ips = rule.value.direction == "out" ? rule.value.ranges : null
      description     = rule.value.description
    }
  }

  lifecycle {
    # A server that changes its roles must be behind its new firewall before the old one is
    # destroyed. Nothing replaces a firewall (all of it changes in place), so two of one name
    # never meet.
    create_before_destroy = true

    precondition {
      condition     = length(local.rules[each.key]) > 0 && length(local.rules[each.key]) <= 50
      error_message = "The group ${each.key} has ${length(local.rules[each.key])} rules. Hetzner takes 50 at most; and of a firewall that loses its last rule, the provider leaves the old ones in place."
    }
  }
}
