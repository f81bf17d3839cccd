locals {
  # Terraform reads a whole resource for each reference to one of its instances: made once, the map
  # keeps a plan of many rules linear.
  group_ids = { for key, group in aws_security_group.this : key => group.id }
}

resource "aws_security_group" "this" {
  for_each = var.groups

  vpc_id = var.vpc_id
  name   = "${var.name}-${each.key}"

  # AWS cannot change a group's description: a new one replaces the group. So it is built from
  # the key alone, and the text for people is a tag, which changes in place.
  description = "Group ${each.key} of ${var.name}"

  tags = {
    Name        = "${var.name}-${each.key}"
    description = each.value.description
  }

  lifecycle {
    # A node that changes its roles must be in its new group before the old one is destroyed:
    # AWS refuses to delete a group that is in use. Two groups of one name never meet, because
    # whatever forces a replacement (name, key, VPC) also makes the name unique again.
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = { for key, rule in var.rules : key => rule if rule.direction == "in" }

  security_group_id            = local.group_ids[each.value.group]
  referenced_security_group_id = each.value.peer_group == null ? null : local.group_ids[each.value.peer_group]
  cidr_ipv4                    = each.value.peer_cidr
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.from_port
  to_port                      = each.value.to_port
  description                  = each.value.description

  # AWS takes 256 characters in a tag; keys of groups with many roles may be longer.
  tags = {
    Name = substr(each.key, 0, 256)
  }
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = { for key, rule in var.rules : key => rule if rule.direction == "out" }

  security_group_id            = local.group_ids[each.value.group]
  referenced_security_group_id = each.value.peer_group == null ? null : local.group_ids[each.value.peer_group]
  cidr_ipv4                    = each.value.peer_cidr
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.from_port
  to_port                      = each.value.to_port
  description                  = each.value.description

  # AWS takes 256 characters in a tag; keys of groups with many roles may be longer.
  tags = {
    Name = substr(each.key, 0, 256)
  }
}
