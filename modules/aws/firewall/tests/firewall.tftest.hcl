mock_provider "aws" {}

variables {
  name   = "example-com"
  vpc_id = "vpc-00000000000000001"
  groups = {
    cluster     = { description = "Every node" }
    "mta+proxy" = { description = "Nodes with mta, proxy" }
  }
  rules = {
    "cluster/in/cluster/tcp/22"    = { group = "cluster", direction = "in", protocol = "tcp", from_port = 22, to_port = 22, peer_group = "cluster", description = "SSH" }
    "cluster/in/internet/icmp/3"   = { group = "cluster", direction = "in", protocol = "icmp", from_port = 3, to_port = -1, peer_cidr = "0.0.0.0/0", description = "Path MTU" }
    "cluster/out"                  = { group = "cluster", direction = "out", protocol = "-1", peer_cidr = "0.0.0.0/0", description = "Everything" }
    "mta+proxy/in/internet/tcp/25" = { group = "mta+proxy", direction = "in", protocol = "tcp", from_port = 25, to_port = 25, peer_cidr = "0.0.0.0/0", description = "SMTP" }
  }
}

run "one_rule_for_each_key" {
  command = plan

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.this) == ["cluster/in/cluster/tcp/22", "cluster/in/internet/icmp/3", "mta+proxy/in/internet/tcp/25"]
    error_message = "Rules with direction in, and only those, are ingress rules."
  }

  assert {
    condition     = keys(aws_vpc_security_group_egress_rule.this) == ["cluster/out"]
    error_message = "Rules with direction out, and only those, are egress rules."
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.this["mta+proxy/in/internet/tcp/25"].cidr_ipv4 == "0.0.0.0/0" &&
      aws_vpc_security_group_ingress_rule.this["mta+proxy/in/internet/tcp/25"].ip_protocol == "tcp" &&
      aws_vpc_security_group_ingress_rule.this["mta+proxy/in/internet/tcp/25"].from_port == 25 &&
      aws_vpc_security_group_ingress_rule.this["mta+proxy/in/internet/tcp/25"].to_port == 25
    )
    error_message = "A rule has its peer, protocol and ports."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.this["cluster/in/cluster/tcp/22"].cidr_ipv4 == null
    error_message = "A rule whose peer is a group admits no range."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.this["cluster/in/internet/icmp/3"].from_port == 3 && aws_vpc_security_group_ingress_rule.this["cluster/in/internet/icmp/3"].to_port == -1
    error_message = "ICMP has type and code in place of ports."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.this["cluster/out"].ip_protocol == "-1" && aws_vpc_security_group_egress_rule.this["cluster/out"].from_port == null
    error_message = "Everything outbound has no ports."
  }

  assert {
    condition     = aws_security_group.this["mta+proxy"].name == "example-com-mta+proxy" && aws_security_group.this["mta+proxy"].vpc_id == "vpc-00000000000000001"
    error_message = "A group is named after deployment and key, and is in the VPC."
  }
}

run "a_gateway_takes_everything_from_the_cluster" {
  variables {
    groups = {
      cluster = { description = "Every node" }
      gateway = { description = "The gateway" }
    }
    rules = {
      "gateway/in/cluster/any/all" = { group = "gateway", direction = "in", protocol = "-1", from_port = null, to_port = null, peer_group = "cluster", peer_cidr = null, description = "Way out" }
      "cluster/in/gateway/tcp/22"  = { group = "cluster", direction = "in", protocol = "tcp", from_port = 22, to_port = 22, peer_group = "gateway", peer_cidr = null, description = "SSH" }
    }
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.this["gateway/in/cluster/any/all"].ip_protocol == "-1" &&
      aws_vpc_security_group_ingress_rule.this["gateway/in/cluster/any/all"].from_port == null &&
      aws_vpc_security_group_ingress_rule.this["gateway/in/cluster/any/all"].to_port == null &&
      aws_vpc_security_group_ingress_rule.this["gateway/in/cluster/any/all"].cidr_ipv4 == null
    )
    error_message = "A rule for everything inward has no ports, and no range beside its peer."
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.this["gateway/in/cluster/any/all"].security_group_id == aws_security_group.this["gateway"].id &&
      aws_vpc_security_group_ingress_rule.this["gateway/in/cluster/any/all"].referenced_security_group_id == aws_security_group.this["cluster"].id &&
      aws_vpc_security_group_ingress_rule.this["cluster/in/gateway/tcp/22"].security_group_id == aws_security_group.this["cluster"].id &&
      aws_vpc_security_group_ingress_rule.this["cluster/in/gateway/tcp/22"].referenced_security_group_id == aws_security_group.this["gateway"].id
    )
    error_message = "The way out leads from the cluster's group to the gateway's, the jump the other way round."
  }
}

run "rules_stand_in_their_group" {
  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.this["mta+proxy/in/internet/tcp/25"].security_group_id == aws_security_group.this["mta+proxy"].id &&
      aws_vpc_security_group_ingress_rule.this["cluster/in/cluster/tcp/22"].security_group_id == aws_security_group.this["cluster"].id &&
      aws_vpc_security_group_ingress_rule.this["cluster/in/cluster/tcp/22"].referenced_security_group_id == aws_security_group.this["cluster"].id
    )
    error_message = "A rule stands in its own group and refers to its peer."
  }

  assert {
    condition     = output.group_ids == { cluster = aws_security_group.this["cluster"].id, "mta+proxy" = aws_security_group.this["mta+proxy"].id }
    error_message = "The ids are reported by key."
  }
}

run "a_reworded_description_changes_no_identity" {
  command = plan

  variables {
    groups = {
      cluster     = { description = "All of them" }
      "mta+proxy" = { description = "Mail" }
    }
  }

  assert {
    condition     = aws_security_group.this["cluster"].description == "Group cluster of example-com" && aws_security_group.this["cluster"].tags["description"] == "All of them"
    error_message = "The text for people is a tag: a change of a group's description would replace the group."
  }
}

run "a_long_key_is_cut_in_the_tag_alone" {
  command = plan

  variables {
    rules = {
      "a-group-of-many-roles/event-streaming+files+mailstore+mesh-and-directory/event-streaming+files+mailstore+mesh-and-directory/event-streaming+files+mailstore+mesh-and-directory/event-streaming+files+mailstore+mesh-and-directory/event-streaming+files+mailstore+mesh-and-directory/tcp/2888" = { group = "cluster", direction = "in", protocol = "tcp", from_port = 22, to_port = 22, peer_group = "cluster", description = "" }
    }
  }

  assert {
    condition     = alltrue([for rule in values(aws_vpc_security_group_ingress_rule.this) : length(rule.tags.Name) == 256])
    error_message = "AWS takes 256 characters in a tag."
  }
}

run "two_peers_are_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "tcp", from_port = 22, to_port = 22, peer_group = "cluster", peer_cidr = "0.0.0.0/0", description = "" }
    }
  }

  expect_failures = [var.rules]
}

run "no_peer_is_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "tcp", from_port = 22, to_port = 22, description = "" }
    }
  }

  expect_failures = [var.rules]
}

run "a_reversed_range_is_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "tcp", from_port = 25, to_port = 22, peer_group = "cluster", description = "" }
    }
  }

  expect_failures = [var.rules]
}

run "everything_with_a_port_is_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "-1", from_port = 22, to_port = 22, peer_group = "cluster", description = "" }
    }
  }

  expect_failures = [var.rules]
}

run "a_description_that_aws_refuses_is_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "tcp", from_port = 22, to_port = 22, peer_group = "cluster", description = "d'être" }
    }
  }

  expect_failures = [var.rules]
}

run "a_direction_that_is_none_is_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "ingress", protocol = "tcp", from_port = 22, to_port = 22, peer_group = "cluster", description = "" }
    }
  }

  expect_failures = [var.rules]
}
