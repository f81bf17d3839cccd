mock_provider "hcloud" {
  mock_resource "hcloud_network" {
    defaults = {
      id = "1001"
    }
  }
}

variables {
  name    = "example-com"
  cidr    = "10.20.0.0/16"
  zone    = "eu-central"
  way_out = "10.20.240.10"
  subnets = {
    nodes   = { cidr = "10.20.0.0/17" }
    gateway = { cidr = "10.20.240.0/20" }
  }
}

run "network_and_subnets_are_as_given" {
  assert {
    condition     = hcloud_network.this.name == "example-com" && hcloud_network.this.ip_range == "10.20.0.0/16" && !hcloud_network.this.delete_protection
    error_message = "The network has name and range, and is not protected unless asked."
  }

  assert {
    condition     = hcloud_network.this.labels == tomap({ deployment = "example-com", managed-by = "terraform" })
    error_message = "The network says which deployment it belongs to."
  }

  assert {
    condition     = { for key, subnet in hcloud_network_subnet.this : key => "${subnet.network_id} ${subnet.ip_range} ${subnet.network_zone} ${subnet.type}" } == { nodes = "1001 10.20.0.0/17 eu-central cloud", gateway = "1001 10.20.240.0/20 eu-central cloud" }
    error_message = "Each subnet has its own range, in the network and its zone."
  }

  assert {
    condition     = { for key, route in hcloud_network_route.this : key => "${route.network_id} ${route.destination} ${route.gateway}" } == { internet = "1001 0.0.0.0/0 10.20.240.10" }
    error_message = "Everything outside leads to the gateway's address."
  }

  assert {
    condition     = output.network_id == "1001" && output.subnets == { nodes = { id = hcloud_network_subnet.this["nodes"].id }, gateway = { id = hcloud_network_subnet.this["gateway"].id } }
    error_message = "Network and subnets are reported by their ids."
  }
}

run "no_route_without_a_gateway" {
  command = plan

  variables {
    way_out = null
    protect = true
  }

  assert {
    condition     = length(hcloud_network_route.this) == 0
    error_message = "Where nodes have public addresses the network has no route."
  }

  assert {
    condition     = hcloud_network.this.delete_protection
    error_message = "protect makes Hetzner refuse a deletion."
  }
}

run "hetzners_router_as_way_out_is_refused" {
  command = plan

  variables {
    way_out = "10.20.0.1"
  }

  expect_failures = [hcloud_network_route.this]
}

run "a_public_range_is_refused" {
  command = plan

  variables {
    cidr = "198.51.0.0/16"
  }

  expect_failures = [var.cidr]
}

run "a_range_without_room_is_refused" {
  command = plan

  variables {
    cidr = "10.20.0.0/25"
  }

  expect_failures = [var.cidr]
}

run "a_location_as_zone_is_refused" {
  command = plan

  variables {
    zone = "fsn1"
  }

  expect_failures = [var.zone]
}

run "a_name_that_is_no_label_is_refused" {
  command = plan

  variables {
    name = "example-com-"
  }

  expect_failures = [var.name]
}

run "no_subnet_is_refused" {
  command = plan

  variables {
    subnets = {}
  }

  expect_failures = [var.subnets]
}
