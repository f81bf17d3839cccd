mock_provider "libvirt" {}

variables {
  name   = "example-com"
  uplink = { cidr = "192.168.150.0/24" }
}

run "networks_of_our_own" {
  assert {
    condition     = libvirt_network.inside["inside"].name == "example-com" && libvirt_network.inside["inside"].autostart && libvirt_network.inside["inside"].forward == null && libvirt_network.inside["inside"].ips == null
    error_message = "The inner network leads nowhere, and the hypervisor has no address in it."
  }

  assert {
    condition     = libvirt_network.uplink["uplink"].name == "example-com-uplink" && libvirt_network.uplink["uplink"].autostart && libvirt_network.uplink["uplink"].forward.mode == "nat"
    error_message = "The uplink leads out behind the hypervisor's address."
  }

  assert {
    condition     = [for ip in libvirt_network.uplink["uplink"].ips : "${ip.address}/${ip.prefix} ${ip.dhcp.ranges[0].start}-${ip.dhcp.ranges[0].end}"] == ["192.168.150.1/24 192.168.150.128-192.168.150.254"]
    error_message = "The hypervisor has the first address, and gives away the upper half."
  }

  assert {
    condition     = output.inside.network == "example-com" && output.inside.bridge == null && output.uplink.network == "example-com-uplink" && output.uplink.bridge == null
    error_message = "The networks are reported by their names."
  }
}

run "another_name_of_the_deployment_changes_nothing" {
  command = plan

  variables {
    name = "another"
  }

  assert {
    condition     = output.inside.network == "example-com" && output.uplink.network == "example-com-uplink"
    error_message = "Networks that machines run on keep their names."
  }
}

run "another_range_is_refused" {
  command = plan

  variables {
    uplink = { cidr = "192.168.151.0/24" }
  }

  expect_failures = [libvirt_network.uplink]
}

run "what_exists_is_used" {
  command = plan

  variables {
    inside = { network = "cluster" }
    uplink = { bridge = "br0" }
  }

  assert {
    condition     = length(libvirt_network.inside) == 0 && length(libvirt_network.uplink) == 0
    error_message = "No network is made where one exists."
  }

  assert {
    condition     = output.inside.network == "cluster" && output.inside.bridge == null && output.uplink.bridge == "br0" && output.uplink.network == null
    error_message = "Networks and bridges are reported as they were named."
  }
}

run "an_uplink_is_not_needed" {
  command = plan

  variables {
    inside = { bridge = "br0" }
    uplink = null
  }

  assert {
    condition     = output.inside.bridge == "br0" && output.inside.network == null && output.uplink == null
    error_message = "Nodes may have all in one network of the operator."
  }
}

run "two_uplinks_are_refused" {
  command = plan

  variables {
    uplink = { bridge = "br0", network = "default" }
  }

  expect_failures = [var.uplink]
}

run "an_uplink_without_a_name_is_refused" {
  command = plan

  variables {
    uplink = {}
  }

  expect_failures = [var.uplink]
}

run "a_public_range_is_refused" {
  command = plan

  variables {
    uplink = { cidr = "198.51.100.0/24" }
  }

  expect_failures = [var.uplink]
}

run "two_inner_networks_are_refused" {
  command = plan

  variables {
    inside = { bridge = "br0", network = "default" }
  }

  expect_failures = [var.inside]
}

run "a_name_that_is_no_label_is_refused" {
  command = plan

  variables {
    name = "example-com-"
  }

  expect_failures = [var.name]
}
