locals {
  labels = { deployment = var.name, managed-by = "terraform" }

  public_nodes     = { for name, node in var.nodes : name => node if node.public_address }
  placement_groups = toset([for node in values(var.nodes) : node.placement_group if node.placement_group != null])

  # Terraform reads a whole resource for each reference to one of its instances. Maps of ids, made
  # once, keep a plan of many nodes linear.
  server_ids          = { for name, server in hcloud_server.this : name => server.id }
  volume_ids          = { for key, volume in hcloud_volume.this : key => volume.id }
  primary_ip_ids      = { for name, address in hcloud_primary_ip.this : name => address.id }
  placement_group_ids = { for key, group in hcloud_placement_group.this : key => group.id }

  # The link under /dev/disk/by-id carries a volume's id.
  volume_symbols = { for key, id in local.volume_ids : "volume:${key}" => id }

  # Volumes only: what a node gets at first boot may not depend on other nodes or on addresses.
  # cloud-init undoes both encodings at Hetzner since its version 20.3 (2020): the API takes no
  # binary text, and 32 KiB of what is sent.
  user_data = {
    for name, text in var.user_data : name => base64gzip(join("", [
      for index, part in split("@@", text) : index % 2 == 0 ? part : local.volume_symbols[part]
    ]))
  }
}

data "hcloud_image" "this" {
  for_each = { for key, image in var.images : key => image if image.id == null }

  name              = each.value.selector == null ? each.value.name : null
  with_selector     = each.value.selector
  with_architecture = "x86"
  with_status       = ["available"]
  most_recent       = true

  # Hetzner marks an image months before it withdraws it. Until then it must neither stop the plans
  # of servers that run, nor the making of new ones; the provider warns.
  include_deprecated = true
}

resource "hcloud_ssh_key" "this" {
  for_each = var.ssh.existing_key_pair == null ? { (var.name) = var.ssh.public_key } : {}

  name       = each.key
  public_key = each.value
  labels     = local.labels
}

resource "hcloud_placement_group" "this" {
  for_each = local.placement_groups

  name   = "${var.name}-${each.key}"
  type   = "spread"
  labels = local.labels
}

# The address is not part of the server: it (and the PTR, and the reputation that it earned) stays
# when the server is rebuilt.
resource "hcloud_primary_ip" "this" {
  for_each = local.public_nodes

  name     = each.value.fqdn
  type     = "ipv4"
  location = var.location
  labels   = local.labels

  auto_delete       = false
  delete_protection = var.protect

  lifecycle {
    # A server that gives its address up must do so before the address is destroyed: Hetzner
    # refuses to delete one that is in use.
    create_before_destroy = true
  }
}

resource "hcloud_server" "this" {
  for_each = var.nodes

  name        = each.value.fqdn
  server_type = each.value.type
  location    = var.location
  image       = var.images[each.value.image].id != null ? var.images[each.value.image].id : data.hcloud_image.this[each.value.image].id
  ssh_keys    = [var.ssh.existing_key_pair == null ? hcloud_ssh_key.this[var.name].id : var.ssh.existing_key_pair]
  user_data   = local.user_data[each.key]
  labels      = local.labels

  placement_group_id = each.value.placement_group == null ? null : local.placement_group_ids[each.value.placement_group]

  # Hetzner refuses a firewall on a server that has no public address.
  firewall_ids = each.value.public_address ? [for group in each.value.groups : var.group_ids[group]] : []

  public_net {
    ipv4_enabled = each.value.public_address
    ipv4         = each.value.public_address ? local.primary_ip_ids[each.key] : null
    ipv6_enabled = false
  }

  network {
    subnet_id = var.subnets[each.value.subnet].id
    ip        = each.value.private_address
    alias_ips = []
  }

  # The OS disk grows with a larger type, as the type promises; there is no way back to a smaller one.
  keep_disk = false

  delete_protection  = var.protect
  rebuild_protection = var.protect

  # The provider shuts a server down before it asks whether it may be deleted. What is protected
  # must not be stopped by an attempt.
  shutdown_before_deletion = !var.protect

  lifecycle {
    # A mail server is not rebuilt because Hetzner published a newer image, because the look-up
    # finds another snapshot, or because a file for first boots changed: each of these would
    # destroy it. The key counts at the first boot only, too.
    # Rebuilding is explicit: terraform apply -replace='module.nodes.hcloud_server.this["<node>"]'.
    ignore_changes = [image, ssh_keys, user_data]

    precondition {
      condition     = length(local.user_data[each.key]) <= 32768
      error_message = "The user-data of ${each.key} has ${length(local.user_data[each.key])} characters as it is sent; Hetzner takes 32768."
    }
  }
}

# Volumes know nothing of the server: they outlive it, and their ids are known to its user-data.
resource "hcloud_volume" "this" {
  for_each = var.volumes

  name     = "${var.name}-${each.key}"
  size     = each.value.size_gib
  location = var.location
  labels   = local.labels

  delete_protection = var.protect
}

resource "hcloud_volume_attachment" "this" {
  for_each = var.volumes

  server_id = local.server_ids[each.value.node]
  volume_id = local.volume_ids[each.key]

  # The node formats and mounts it: only if blank, and by UUID.
  automount = false
}
