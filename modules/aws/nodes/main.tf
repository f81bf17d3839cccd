locals {
  public_nodes = { for name, node in var.nodes : name => node if node.public }

  # Terraform reads a whole resource for each reference to one of its instances. Maps of ids, made
  # once, keep a plan of many nodes linear.
  instance_ids  = { for name, instance in aws_instance.this : name => instance.id }
  interface_ids = { for name, instance in aws_instance.this : name => instance.primary_network_interface_id }
  volume_ids    = { for key, volume in aws_ebs_volume.this : key => volume.id }

  # The link under /dev/disk/by-id carries a volume's id without its hyphen.
  volume_symbols = {
    for key, id in local.volume_ids : "volume:${key}" => replace(id, "-", "")
  }

  # Volumes only: what a node gets at first boot may not depend on other nodes or on addresses.
  user_data = {
    for name, text in var.user_data : name => join("", [
      for index, part in split("@@", text) : index % 2 == 0 ? part : local.volume_symbols[part]
    ])
  }
}

data "aws_ami" "this" {
  for_each = { for key, image in var.images : key => image if image.id == null }

  most_recent        = true
  owners             = [each.value.owner]
  include_deprecated = each.value.include_deprecated

  filter {
    name   = "name"
    values = [each.value.name]
  }

  filter {
    name   = "architecture"
    values = ["x86_64"]
  }

  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }

  filter {
    name   = "root-device-type"
    values = ["ebs"]
  }
}

resource "aws_key_pair" "this" {
  for_each = var.ssh.existing_key_pair == null ? { (var.name) = var.ssh.public_key } : {}

  key_name   = each.key
  public_key = each.value
}

resource "aws_instance" "this" {
  for_each = var.nodes

  ami           = coalesce(var.images[each.value.image].id, try(data.aws_ami.this[each.value.image].id, null))
  instance_type = each.value.type
  key_name      = var.ssh.existing_key_pair == null ? aws_key_pair.this[var.name].key_name : var.ssh.existing_key_pair

  subnet_id              = var.subnets[each.value.subnet].id
  private_ip             = each.value.private_address
  vpc_security_group_ids = [for group in each.value.groups : var.group_ids[group]]

  # AWS drops what is neither from nor to the instance itself, unless this check is off.
  source_dest_check = !each.value.forwards

  ebs_optimized           = true
  disable_api_termination = var.protect
  user_data_base64        = base64gzip(local.user_data[each.key])

  metadata_options {
    http_endpoint               = "enabled"
    http_put_response_hop_limit = 1
    http_tokens                 = "required"
  }

  root_block_device {
    delete_on_termination = true
    encrypted             = true
    volume_size           = each.value.os_disk_gib
    volume_type           = "gp3"

    tags = {
      Name = "${var.name}-${each.key}-os"
    }
  }

  tags = {
    Name = each.value.fqdn
  }

  lifecycle {
    # A mail server is not rebuilt because Canonical or Red Hat published a newer image, because
    # the look-up finds none any more, or because a file for first boots changed: that would stop
    # it, or destroy it, and run nothing. The key pair counts at the first boot only, too.
    # Rebuilding is explicit: terraform apply -replace='module.nodes.aws_instance.this["<node>"]'.
    ignore_changes = [ami, key_name, user_data, user_data_base64]
  }
}

# Volumes know nothing of the instance: they outlive it, and their ids are known to its user-data.
resource "aws_ebs_volume" "this" {
  for_each = var.volumes

  availability_zone = var.subnets[var.nodes[each.value.node].subnet].zone
  encrypted         = true
  final_snapshot    = each.value.final_snapshot
  size              = each.value.size_gib
  type              = "gp3"

  tags = {
    Name = "${var.name}-${each.key}"
  }
}

resource "aws_volume_attachment" "this" {
  for_each = var.volumes

  device_name = each.value.device
  instance_id = local.instance_ids[each.value.node]
  volume_id   = local.volume_ids[each.key]

  # A file system in use is never pulled away: the machine is stopped before its volume leaves.
  stop_instance_before_detaching = true
}

# The address is not part of the instance either: it (and the PTR, and the reputation that it
# earned) stays when the instance is rebuilt.
resource "aws_eip" "this" {
  for_each = local.public_nodes

  domain = "vpc"

  tags = {
    Name = each.value.fqdn
  }
}

resource "aws_eip_association" "this" {
  for_each = local.public_nodes

  allocation_id = aws_eip.this[each.key].id
  instance_id   = local.instance_ids[each.key]
}
