mock_provider "hcloud" {
  mock_resource "hcloud_placement_group" {
    defaults = {
      id = "4001"
    }
  }

  mock_resource "hcloud_primary_ip" {
    defaults = {
      id         = 5001
      ip_address = "203.0.113.10"
    }
  }

  mock_resource "hcloud_server" {
    defaults = {
      id = "6001"
    }
  }

  mock_resource "hcloud_ssh_key" {
    defaults = {
      id = "7001"
    }
  }

  mock_resource "hcloud_volume" {
    defaults = {
      id = "8001"
    }
  }
}

variables {
  name      = "example-com"
  location  = "fsn1"
  group_ids = { cluster = "2001", mailstore = "2002", "mta+proxy" = "2003" }
  subnets   = { nodes = { id = "1001-10.20.0.0/17" } }
  ssh       = { public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1Jm2Bk3Vh8yXJ8wYw2mF2mY3R1sJ5x3cQJk5rPZQ0a admin@example.com" }
  images = {
    named    = { name = "ubuntu-24.04" }
    pinned   = { id = "4711", name = "ubuntu-22.04" }
    snapshot = { selector = "os=ubuntu-20.04", name = "ubuntu-20.04" }
  }
  nodes = {
    gateway = { fqdn = "gateway.example.com", type = "cx23", image = "named", subnet = "nodes", private_address = "10.20.240.10", public_address = true, groups = ["cluster"] }
    mta1    = { fqdn = "mta1.example.com", type = "cx33", image = "snapshot", subnet = "nodes", private_address = "10.20.0.10", public_address = true, groups = ["cluster", "mta+proxy"], placement_group = "mta" }
    store1  = { fqdn = "store1.example.com", type = "cx43", image = "pinned", subnet = "nodes", private_address = "10.20.0.11", public_address = false, groups = [] }
  }
  user_data = {
    gateway = "#cloud-config\n"
    mta1    = "#cloud-config\nfqdn: mta1.example.com\n"
    store1  = "#cloud-config\ndevice: scsi-0HC_Volume_@@volume:store1-mail@@\nscript: $${HOME} %%{ for }\n"
  }
  volumes = {
    store1-mail = { node = "store1", size_gib = 750 }
  }
}

run "servers_are_as_given" {
  assert {
    condition = { for name, server in hcloud_server.this : name => "${server.name} ${server.server_type} ${server.location}" } == {
      gateway = "gateway.example.com cx23 fsn1"
      mta1    = "mta1.example.com cx33 fsn1"
      store1  = "store1.example.com cx43 fsn1"
    }
    error_message = "Each node has its own name and type, at the location."
  }

  assert {
    condition     = { for name, server in hcloud_server.this : name => one([for network in server.network : "${network.subnet_id} ${network.ip} ${length(network.alias_ips)}"]) } == { gateway = "1001-10.20.0.0/17 10.20.240.10 0", mta1 = "1001-10.20.0.0/17 10.20.0.10 0", store1 = "1001-10.20.0.0/17 10.20.0.11 0" }
    error_message = "Each node has its own private address in its subnet, and no other."
  }

  assert {
    condition     = hcloud_server.this["store1"].image == "4711"
    error_message = "A pinned image is used as it is."
  }

  assert {
    condition     = alltrue([for server in values(hcloud_server.this) : server.ssh_keys == tolist(["7001"])]) && hcloud_ssh_key.this["example-com"].public_key == var.ssh.public_key
    error_message = "The SSH key is made of the public key and used."
  }

  assert {
    condition     = hcloud_server.this["store1"].user_data == base64gzip("#cloud-config\ndevice: scsi-0HC_Volume_8001\nscript: $${HOME} %%{ for }\n") && hcloud_server.this["mta1"].user_data == base64gzip(var.user_data["mta1"])
    error_message = "The volume's id replaces its placeholder, and nothing else changes."
  }

  assert {
    condition     = alltrue([for server in values(hcloud_server.this) : !server.delete_protection && !server.rebuild_protection && server.shutdown_before_deletion && !server.keep_disk])
    error_message = "Servers are not protected unless asked; they are shut down before they are deleted, and their disks grow with their types."
  }

  assert {
    condition     = alltrue([for thing in concat(values(hcloud_server.this), values(hcloud_volume.this), values(hcloud_primary_ip.this), values(hcloud_placement_group.this), values(hcloud_ssh_key.this)) : thing.labels == tomap({ deployment = "example-com", managed-by = "terraform" })])
    error_message = "Everything says which deployment it belongs to."
  }
}

run "who_is_public" {
  assert {
    condition     = { for name, address in hcloud_primary_ip.this : name => "${address.name} ${address.type} ${address.location} ${address.auto_delete} ${address.delete_protection}" } == { gateway = "gateway.example.com ipv4 fsn1 false false", mta1 = "mta1.example.com ipv4 fsn1 false false" }
    error_message = "Nodes with a public address, and only those, have a Primary IP, which outlives its server."
  }

  assert {
    condition     = { for name, server in hcloud_server.this : name => one([for net in server.public_net : "${net.ipv4_enabled} ${net.ipv4_enabled ? net.ipv4 : 0} ${net.ipv6_enabled}"]) } == { gateway = "true 5001 false", mta1 = "true 5001 false", store1 = "false 0 false" }
    error_message = "A public server has its own address and no IPv6; a private one has nothing."
  }

  assert {
    condition     = hcloud_server.this["mta1"].firewall_ids == toset([2001, 2003]) && hcloud_server.this["gateway"].firewall_ids == toset([2001]) && length(hcloud_server.this["store1"].firewall_ids) == 0
    error_message = "A public server is behind its own groups; a private one takes no firewall."
  }

  assert {
    condition     = output.symbols == { "public:gateway" = "203.0.113.10", "public:mta1" = "203.0.113.10", "volume:store1-mail" = "8001" }
    error_message = "The symbols are those of public nodes and of volumes."
  }

  assert {
    condition     = output.public_addresses == { gateway = "203.0.113.10", mta1 = "203.0.113.10" } && output.primary_ips["public:mta1"] == { id = 5001, address = "203.0.113.10" } && length(output.primary_ips) == 2
    error_message = "Addresses are reported by node, and with their ids by symbol."
  }

  assert {
    condition     = output.server_ids == { gateway = "6001", mta1 = "6001", store1 = "6001" } && output.volume_ids == { store1-mail = "8001" }
    error_message = "Servers and volumes are reported by their keys."
  }
}

run "volumes_and_placement_groups" {
  assert {
    condition     = hcloud_volume.this["store1-mail"].name == "example-com-store1-mail" && hcloud_volume.this["store1-mail"].size == 750 && hcloud_volume.this["store1-mail"].location == "fsn1" && hcloud_volume.this["store1-mail"].format == null && !hcloud_volume.this["store1-mail"].delete_protection
    error_message = "A data volume has size and location, and is blank."
  }

  assert {
    condition     = hcloud_volume_attachment.this["store1-mail"].server_id == 6001 && hcloud_volume_attachment.this["store1-mail"].volume_id == 8001 && !hcloud_volume_attachment.this["store1-mail"].automount
    error_message = "A volume is attached to its node, which mounts it itself."
  }

  assert {
    condition     = keys(hcloud_placement_group.this) == ["mta"] && hcloud_placement_group.this["mta"].name == "example-com-mta" && hcloud_placement_group.this["mta"].type == "spread" && hcloud_server.this["mta1"].placement_group_id == 4001 && hcloud_server.this["store1"].placement_group_id == null
    error_message = "There is a placement group for each name, and a server is in its own or in none."
  }
}

run "images_are_looked_up" {
  command = plan

  assert {
    condition     = keys(data.hcloud_image.this) == ["named", "snapshot"]
    error_message = "Only images without an id are looked up."
  }

  assert {
    condition     = data.hcloud_image.this["named"].name == "ubuntu-24.04" && data.hcloud_image.this["named"].with_selector == null && data.hcloud_image.this["snapshot"].with_selector == "os=ubuntu-20.04" && data.hcloud_image.this["snapshot"].most_recent
    error_message = "A selector goes before a name, and the newest snapshot is taken."
  }

  assert {
    condition     = alltrue([for image in values(data.hcloud_image.this) : image.with_architecture == "x86" && image.with_status == toset(["available"]) && image.include_deprecated])
    error_message = "A look-up asks for x86 images that are ready, announced withdrawals included."
  }
}

run "servers_ignore_later_images_keys_and_user_data" {
  command = plan

  variables {
    images = {
      named    = { id = "4713" }
      pinned   = { id = "4712" }
      snapshot = { id = "4714" }
    }
    ssh       = { existing_key_pair = "other" }
    user_data = { gateway = "changed", mta1 = "changed", store1 = "changed" }
  }

  assert {
    condition = (
      hcloud_server.this["store1"].image == "4711" &&
      hcloud_server.this["mta1"].ssh_keys == tolist(["7001"]) &&
      hcloud_server.this["mta1"].user_data == base64gzip("#cloud-config\nfqdn: mta1.example.com\n")
    )
    error_message = "A server that runs keeps its image, its key and its user-data."
  }
}

run "an_existing_key_is_used" {
  command = plan

  variables {
    ssh = { existing_key_pair = "operators" }
    nodes = {
      new1 = { fqdn = "new1.example.com", type = "cx23", image = "pinned", subnet = "nodes", private_address = "10.20.0.20", public_address = true, groups = ["cluster"] }
    }
    user_data = { new1 = "#cloud-config\n" }
    volumes   = {}
  }

  assert {
    condition     = length(hcloud_ssh_key.this) == 0 && hcloud_server.this["new1"].ssh_keys == tolist(["operators"])
    error_message = "No key is made where one exists."
  }
}

run "protect_reaches_everything_that_can_be_protected" {
  command = plan

  variables {
    protect = true
  }

  assert {
    condition     = alltrue([for server in values(hcloud_server.this) : server.delete_protection && server.rebuild_protection && !server.shutdown_before_deletion])
    error_message = "A protected server is neither deleted nor rebuilt, nor stopped by an attempt."
  }

  assert {
    condition     = hcloud_volume.this["store1-mail"].delete_protection && alltrue([for address in values(hcloud_primary_ip.this) : address.delete_protection])
    error_message = "Volumes and addresses are protected."
  }
}

run "noise" {
  module {
    source = "./tests/noise"
  }
}

run "user_data_that_is_too_long_is_refused" {
  command = plan

  variables {
    volumes   = {}
    user_data = { gateway = run.noise.text }
    nodes = {
      gateway = { fqdn = "gateway.example.com", type = "cx23", image = "pinned", subnet = "nodes", private_address = "10.20.240.10", public_address = true, groups = ["cluster"] }
    }
  }

  expect_failures = [hcloud_server.this]
}

run "two_nodes_with_one_address_are_refused" {
  command = plan

  variables {
    nodes = {
      one = { fqdn = "one.example.com", type = "cx23", image = "pinned", subnet = "nodes", private_address = "10.20.0.10", public_address = true, groups = ["cluster"] }
      two = { fqdn = "two.example.com", type = "cx23", image = "pinned", subnet = "nodes", private_address = "10.20.0.10", public_address = true, groups = ["cluster"] }
    }
    user_data = { one = "", two = "" }
    volumes   = {}
  }

  expect_failures = [var.nodes]
}

run "eleven_nodes_in_a_placement_group_are_refused" {
  command = plan

  variables {
    nodes = {
      for n in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : "n${n}" => { fqdn = "n${n}.example.com", type = "cx23", image = "pinned", subnet = "nodes", private_address = "10.20.0.${n + 10}", public_address = true, groups = ["cluster"], placement_group = "all" }
    }
    user_data = {}
    volumes   = {}
  }

  expect_failures = [var.nodes]
}

run "a_node_without_a_firewall_is_refused" {
  command = plan

  variables {
    nodes = {
      one = { fqdn = "one.example.com", type = "cx23", image = "pinned", subnet = "nodes", private_address = "10.20.0.10", public_address = true, groups = [] }
    }
    user_data = { one = "" }
    volumes   = {}
  }

  expect_failures = [var.nodes]
}

run "an_image_that_says_nothing_is_refused" {
  command = plan

  variables {
    images = { named = {}, pinned = { id = "4711" }, snapshot = { id = "4711" } }
  }

  expect_failures = [var.images]
}

run "a_name_as_an_id_is_refused" {
  command = plan

  variables {
    images = { named = { id = "ubuntu-24.04" }, pinned = { id = "4711" }, snapshot = { id = "4711" } }
  }

  expect_failures = [var.images]
}

run "a_data_centre_is_refused" {
  command = plan

  variables {
    location = "fsn1-dc14"
  }

  expect_failures = [var.location]
}

run "no_way_in_is_refused" {
  command = plan

  variables {
    ssh = {}
  }

  expect_failures = [var.ssh]
}

run "a_volume_over_the_limit_is_refused" {
  command = plan

  variables {
    volumes = { store1-mail = { node = "store1", size_gib = 10241 } }
  }

  expect_failures = [var.volumes]
}
