mock_provider "aws" {
  mock_data "aws_ami" {
    defaults = {
      id = "ami-00000000000000001"
    }
  }

  mock_resource "aws_ebs_volume" {
    defaults = {
      id = "vol-00000000000000001"
    }
  }

  mock_resource "aws_eip" {
    defaults = {
      allocation_id = "eipalloc-00000000000000001"
      public_ip     = "203.0.113.10"
    }
  }
}

variables {
  name      = "example-com"
  group_ids = { cluster = "sg-00000000000000001", "mta+proxy" = "sg-00000000000000002", mailstore = "sg-00000000000000003" }
  subnets = {
    private-a = { id = "subnet-00000000000000001", zone = "eu-central-1a" }
    public-b  = { id = "subnet-00000000000000002", zone = "eu-central-1b" }
  }
  ssh = { public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1Jm2Bk3Vh8yXJ8wYw2mF2mY3R1sJ5x3cQJk5rPZQ0a admin@example.com" }
  images = {
    "ubuntu-20.04" = { owner = "099720109477", name = "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-*", include_deprecated = true }
    pinned         = { id = "ami-0123456789abcdef0" }
  }
  nodes = {
    mta1   = { fqdn = "mta1.example.com", type = "c6i.xlarge", image = "ubuntu-20.04", subnet = "public-b", private_address = "10.20.128.10", public = true, forwards = false, groups = ["cluster", "mta+proxy"], os_disk_gib = 30 }
    store1 = { fqdn = "store1.example.com", type = "m6i.xlarge", image = "pinned", subnet = "private-a", private_address = "10.20.0.10", public = false, groups = ["cluster", "mailstore"], os_disk_gib = 30 }
  }
  user_data = {
    mta1   = "#cloud-config\nfqdn: mta1.example.com\n"
    store1 = "#cloud-config\ndevice: nvme-Amazon_Elastic_Block_Store_@@volume:store1-mail@@\nscript: $${HOME} %%{ for }\n"
  }
  volumes = {
    store1-mail = { node = "store1", size_gib = 750, device = "/dev/sdf", final_snapshot = true }
  }
}

run "instances_are_as_given" {
  command = plan

  assert {
    condition     = { for name, instance in aws_instance.this : name => "${instance.instance_type} ${instance.subnet_id} ${instance.private_ip}" } == { mta1 = "c6i.xlarge subnet-00000000000000002 10.20.128.10", store1 = "m6i.xlarge subnet-00000000000000001 10.20.0.10" }
    error_message = "Each node has its own type, subnet and address."
  }

  assert {
    condition     = aws_instance.this["mta1"].vpc_security_group_ids == toset(["sg-00000000000000001", "sg-00000000000000002"])
    error_message = "A node is in its own groups and in no other."
  }

  assert {
    condition     = alltrue([for instance in values(aws_instance.this) : instance.metadata_options[0].http_tokens == "required"])
    error_message = "The metadata service asks for a token (IMDSv2) on every node."
  }

  assert {
    condition     = alltrue([for instance in values(aws_instance.this) : instance.root_block_device[0].encrypted && instance.root_block_device[0].volume_type == "gp3" && instance.root_block_device[0].volume_size == 30])
    error_message = "OS disks are encrypted gp3 of the given size."
  }

  assert {
    condition     = alltrue([for instance in values(aws_instance.this) : instance.ebs_optimized && !instance.disable_api_termination])
    error_message = "Instances are EBS optimised, and not protected unless asked."
  }

  assert {
    condition     = alltrue([for instance in values(aws_instance.this) : instance.source_dest_check])
    error_message = "A node sends and takes packets of its own only, unless it forwards."
  }

  assert {
    condition     = keys(data.aws_ami.this) == ["ubuntu-20.04"] && data.aws_ami.this["ubuntu-20.04"].include_deprecated && data.aws_ami.this["ubuntu-20.04"].owners == tolist(["099720109477"])
    error_message = "Only an image without id is looked up, of its owner, deprecated ones too when asked."
  }

  assert {
    condition     = toset([for filter in data.aws_ami.this["ubuntu-20.04"].filter : "${filter.name}=${join(",", filter.values)}"]) == toset(["architecture=x86_64", "name=ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-*", "root-device-type=ebs", "virtualization-type=hvm"])
    error_message = "A look-up asks for x86-64, HVM and EBS."
  }

  assert {
    condition     = aws_instance.this["store1"].ami == "ami-0123456789abcdef0"
    error_message = "A pinned image is used as it is."
  }

  assert {
    condition     = keys(aws_eip.this) == ["mta1"] && keys(aws_eip_association.this) == ["mta1"]
    error_message = "Public nodes, and only those, have an Elastic IP."
  }

  assert {
    condition     = aws_ebs_volume.this["store1-mail"].size == 750 && aws_ebs_volume.this["store1-mail"].type == "gp3" && aws_ebs_volume.this["store1-mail"].encrypted && aws_ebs_volume.this["store1-mail"].final_snapshot && aws_ebs_volume.this["store1-mail"].availability_zone == "eu-central-1a"
    error_message = "A data volume is encrypted gp3 of the given size in its node's zone."
  }

  assert {
    condition     = aws_volume_attachment.this["store1-mail"].device_name == "/dev/sdf" && aws_volume_attachment.this["store1-mail"].stop_instance_before_detaching
    error_message = "A volume is attached as given, and never pulled from a running machine."
  }

  assert {
    condition     = aws_key_pair.this["example-com"].public_key == var.ssh.public_key && aws_instance.this["mta1"].key_name == "example-com"
    error_message = "The key pair is made of the public key and used."
  }
}

run "what_apply_resolves" {
  assert {
    condition     = aws_instance.this["store1"].user_data_base64 == base64gzip("#cloud-config\ndevice: nvme-Amazon_Elastic_Block_Store_vol00000000000000001\nscript: $${HOME} %%{ for }\n")
    error_message = "The volume's id replaces its placeholder without its hyphen, and nothing else changes."
  }

  assert {
    condition     = aws_instance.this["mta1"].user_data_base64 == base64gzip(var.user_data["mta1"])
    error_message = "User-data without placeholders is sent as it is."
  }

  assert {
    condition     = aws_instance.this["mta1"].ami == "ami-00000000000000001"
    error_message = "An image that was looked up is used."
  }

  assert {
    condition     = aws_volume_attachment.this["store1-mail"].instance_id == aws_instance.this["store1"].id && aws_eip_association.this["mta1"].instance_id == aws_instance.this["mta1"].id
    error_message = "Volumes and addresses go to their own nodes."
  }

  assert {
    condition     = output.symbols == { "public:mta1" = "203.0.113.10", "volume:store1-mail" = "vol00000000000000001" }
    error_message = "The symbols are those of public nodes and of volumes."
  }

  assert {
    condition     = output.public_addresses == { mta1 = "203.0.113.10" } && output.allocation_ids == { "public:mta1" = "eipalloc-00000000000000001" } && output.volume_ids == { store1-mail = "vol-00000000000000001" }
    error_message = "Addresses, allocations and volumes are reported by their keys."
  }

  assert {
    condition     = output.interfaces == { for name in ["mta1", "store1"] : name => aws_instance.this[name].primary_network_interface_id }
    error_message = "Each node's primary network interface is reported."
  }
}

run "a_gateway_forwards" {
  command = plan

  variables {
    nodes = {
      gateway = { fqdn = "gateway.example.com", type = "t3.small", image = "pinned", subnet = "public-b", private_address = "10.20.240.10", public = true, forwards = true, groups = ["gateway"], os_disk_gib = 10 }
      store1  = { fqdn = "store1.example.com", type = "m6i.xlarge", image = "pinned", subnet = "private-a", private_address = "10.20.0.10", public = false, forwards = false, groups = ["cluster"], os_disk_gib = 30 }
    }
    group_ids = { cluster = "sg-00000000000000001", gateway = "sg-00000000000000004" }
    user_data = { gateway = "#cloud-config\n", store1 = "#cloud-config\n" }
    volumes   = {}
  }

  assert {
    condition     = { for name, instance in aws_instance.this : name => instance.source_dest_check } == { gateway = false, store1 = true }
    error_message = "AWS drops forwarded packets at an interface unless its source/destination check is off: off for the gateway, on for all others."
  }

  assert {
    condition     = keys(aws_eip.this) == ["gateway"] && aws_instance.this["gateway"].vpc_security_group_ids == toset(["sg-00000000000000004"])
    error_message = "The gateway is a node as others are: with its address and its groups."
  }
}

run "servers_ignore_later_images_keys_and_user_data" {
  command = plan

  variables {
    images = {
      "ubuntu-20.04" = { id = "ami-0fffffffffffffff0" }
      pinned         = { id = "ami-0fffffffffffffff1" }
    }
    ssh       = { existing_key_pair = "other" }
    user_data = { mta1 = "changed", store1 = "changed" }
  }

  assert {
    condition = (
      aws_instance.this["mta1"].ami == "ami-00000000000000001" &&
      aws_instance.this["mta1"].key_name == "example-com" &&
      aws_instance.this["mta1"].user_data_base64 == base64gzip("#cloud-config\nfqdn: mta1.example.com\n")
    )
    error_message = "A server that runs keeps its image, its key and its user-data."
  }
}

run "an_existing_key_pair_is_used" {
  command = plan

  variables {
    ssh     = { existing_key_pair = "operators" }
    protect = true
    nodes = {
      new1 = { fqdn = "new1.example.com", type = "c6i.xlarge", image = "pinned", subnet = "private-a", private_address = "10.20.0.20", public = false, groups = ["cluster"], os_disk_gib = 30 }
    }
    user_data = { new1 = "#cloud-config\n" }
    volumes   = {}
  }

  assert {
    condition     = length(aws_key_pair.this) == 0 && aws_instance.this["new1"].key_name == "operators"
    error_message = "No key pair is made where one exists."
  }

  assert {
    condition     = aws_instance.this["new1"].disable_api_termination
    error_message = "protect makes AWS refuse a termination."
  }
}

run "two_nodes_with_one_address_are_refused" {
  command = plan

  variables {
    nodes = {
      one = { fqdn = "one.example.com", type = "c6i.xlarge", image = "pinned", subnet = "private-a", private_address = "10.20.0.10", public = false, groups = ["cluster"], os_disk_gib = 30 }
      two = { fqdn = "two.example.com", type = "c6i.xlarge", image = "pinned", subnet = "private-a", private_address = "10.20.0.10", public = false, groups = ["cluster"], os_disk_gib = 30 }
    }
    user_data = { one = "", two = "" }
    volumes   = {}
  }

  expect_failures = [var.nodes]
}

run "an_image_without_owner_is_refused" {
  command = plan

  variables {
    images = { "ubuntu-20.04" = { name = "ubuntu/*" }, pinned = { id = "ami-0123456789abcdef0" } }
  }

  expect_failures = [var.images]
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
    volumes = { store1-mail = { node = "store1", size_gib = 16385, device = "/dev/sdf", final_snapshot = true } }
  }

  expect_failures = [var.volumes]
}
