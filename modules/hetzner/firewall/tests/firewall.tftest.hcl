mock_provider "hcloud" {
  mock_resource "hcloud_firewall" {
    defaults = {
      id = "2001"
    }
  }
}

variables {
  name   = "example-com"
  groups = ["cluster", "mta+proxy"]
  rules = {
    "cluster/in/icmp"           = { group = "cluster", direction = "in", protocol = "icmp", ranges = ["0.0.0.0/0"], description = "Path MTU" }
    "cluster/in/tcp/22"         = { group = "cluster", direction = "in", protocol = "tcp", ports = "22", ranges = ["198.51.100.0/24", "203.0.113.7/32"], description = "SSH" }
    "cluster/out/tcp/1-65535"   = { group = "cluster", direction = "out", protocol = "tcp", ports = "1-65535", ranges = ["0.0.0.0/0"], description = "Everything outward" }
    "mta+proxy/in/tcp/25"       = { group = "mta+proxy", direction = "in", protocol = "tcp", ports = "25", ranges = ["0.0.0.0/0"], description = "SMTP" }
    "mta+proxy/out/udp/1-65535" = { group = "mta+proxy", direction = "out", protocol = "udp", ports = "1-65535", ranges = ["0.0.0.0/0"], description = "Everything outward" }
  }
}

run "one_firewall_for_each_group" {
  assert {
    condition     = { for key, firewall in hcloud_firewall.this : key => firewall.name } == { cluster = "example-com-cluster", "mta+proxy" = "example-com-mta+proxy" }
    error_message = "A firewall is named after deployment and group."
  }

  assert {
    condition     = alltrue([for firewall in values(hcloud_firewall.this) : firewall.labels == tomap({ deployment = "example-com", managed-by = "terraform" })])
    error_message = "A firewall says which deployment it belongs to."
  }

  assert {
    condition = toset([
      for rule in hcloud_firewall.this["cluster"].rule :
      join(" ", [rule.direction, rule.protocol, coalesce(rule.port, "-"), join(",", sort(coalesce(rule.source_ips, []))), join(",", sort(coalesce(rule.destination_ips, []))), rule.description])
      ]) == toset([
      "in icmp - 0.0.0.0/0  Path MTU",
      "in tcp 22 198.51.100.0/24,203.0.113.7/32  SSH",
      "out tcp 1-65535  0.0.0.0/0 Everything outward",
    ])
    error_message = "A firewall has the rules of its group: ranges are sources inward and destinations outward."
  }

  assert {
    condition     = toset([for rule in hcloud_firewall.this["mta+proxy"].rule : "${rule.direction} ${rule.protocol} ${rule.port}"]) == toset(["in tcp 25", "out udp 1-65535"])
    error_message = "A firewall has no rule of another group."
  }

  assert {
    condition     = alltrue([for firewall in values(hcloud_firewall.this) : length(firewall.apply_to) == 0])
    error_message = "A firewall attaches itself to nothing."
  }

  assert {
    condition     = output.group_ids == { cluster = "2001", "mta+proxy" = "2001" }
    error_message = "The ids are reported by key."
  }
}

run "a_long_key_is_cut_in_the_name_and_stays_unique" {
  command = plan

  variables {
    groups = [
      "chats+database+docs+event-streaming+files+mailstore+mesh-and-directory+monitoring+mta+preview+proxy+tasks+video",
      "chats+database+docs+event-streaming+files+mailstore+mesh-and-directory+monitoring+mta+preview+proxy+tasks+wideo",
      "chats+database+docs+event-streaming+files+mailstore+mesh-and-directory+monitoring+mta+preview+proxy+tasks+video+workspaces",
      "chats+database+docs+event-streaming+files+mailstore+mesh-and-directory+monitoring+mta+preview+proxy+tasks+video+welcome",
    ]
    rules = {
      one   = { group = "chats+database+docs+event-streaming+files+mailstore+mesh-and-directory+monitoring+mta+preview+proxy+tasks+video", direction = "in", protocol = "tcp", ports = "22", ranges = ["0.0.0.0/0"], description = "" }
      two   = { group = "chats+database+docs+event-streaming+files+mailstore+mesh-and-directory+monitoring+mta+preview+proxy+tasks+wideo", direction = "in", protocol = "tcp", ports = "22", ranges = ["0.0.0.0/0"], description = "" }
      three = { group = "chats+database+docs+event-streaming+files+mailstore+mesh-and-directory+monitoring+mta+preview+proxy+tasks+video+workspaces", direction = "in", protocol = "tcp", ports = "22", ranges = ["0.0.0.0/0"], description = "" }
      four  = { group = "chats+database+docs+event-streaming+files+mailstore+mesh-and-directory+monitoring+mta+preview+proxy+tasks+video+welcome", direction = "in", protocol = "tcp", ports = "22", ranges = ["0.0.0.0/0"], description = "" }
    }
  }

  assert {
    condition     = alltrue([for firewall in values(hcloud_firewall.this) : length(firewall.name) <= 128]) && length(distinct(values(hcloud_firewall.this)[*].name)) == 4
    error_message = "Hetzner takes 128 characters in a name, once each."
  }
}

run "a_group_without_rules_is_refused" {
  command = plan

  variables {
    groups = ["cluster", "mta+proxy", "empty"]
  }

  expect_failures = [hcloud_firewall.this]
}

run "fifty_rules_are_fine" {
  command = plan

  variables {
    groups = ["cluster"]
    rules  = { for n in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50] : "cluster/in/tcp/${n}" => { group = "cluster", direction = "in", protocol = "tcp", ports = "${n}", ranges = ["0.0.0.0/0"], description = "" } }
  }

  assert {
    condition     = length(hcloud_firewall.this["cluster"].rule) == 50
    error_message = "Hetzner takes 50 rules in a firewall."
  }
}

run "fifty_one_rules_are_refused" {
  command = plan

  variables {
    groups = ["cluster"]
    rules  = { for n in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51] : "cluster/in/tcp/${n}" => { group = "cluster", direction = "in", protocol = "tcp", ports = "${n}", ranges = ["0.0.0.0/0"], description = "" } }
  }

  expect_failures = [hcloud_firewall.this]
}

run "a_rule_in_no_group_is_refused" {
  command = plan

  variables {
    rules = {
      "cluster/in/tcp/22"   = { group = "cluster", direction = "in", protocol = "tcp", ports = "22", ranges = ["0.0.0.0/0"], description = "" }
      "mta+proxy/in/tcp/25" = { group = "mta+proxy", direction = "in", protocol = "tcp", ports = "25", ranges = ["0.0.0.0/0"], description = "" }
      "video/in/tcp/443"    = { group = "video", direction = "in", protocol = "tcp", ports = "443", ranges = ["0.0.0.0/0"], description = "" }
    }
  }

  expect_failures = [output.group_ids]
}

run "more_than_a_hundred_ranges_are_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "tcp", ports = "22", ranges = [for n in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100] : "198.51.100.${n}/32"], description = "" }
    }
  }

  expect_failures = [var.rules]
}

run "a_range_that_starts_in_its_middle_is_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "tcp", ports = "22", ranges = ["198.51.100.7/24"], description = "" }
    }
  }

  expect_failures = [var.rules]
}

run "ports_of_icmp_are_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "icmp", ports = "3", ranges = ["0.0.0.0/0"], description = "" }
    }
  }

  expect_failures = [var.rules]
}

run "tcp_without_ports_is_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "tcp", ranges = ["0.0.0.0/0"], description = "" }
    }
  }

  expect_failures = [var.rules]
}

run "a_reversed_range_of_ports_is_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "tcp", ports = "25-22", ranges = ["0.0.0.0/0"], description = "" }
    }
  }

  expect_failures = [var.rules]
}

run "a_port_that_is_none_is_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "in", protocol = "tcp", ports = "65536", ranges = ["0.0.0.0/0"], description = "" }
    }
  }

  expect_failures = [var.rules]
}

run "a_direction_that_is_none_is_refused" {
  command = plan

  variables {
    rules = {
      one = { group = "cluster", direction = "ingress", protocol = "tcp", ports = "22", ranges = ["0.0.0.0/0"], description = "" }
    }
  }

  expect_failures = [var.rules]
}
