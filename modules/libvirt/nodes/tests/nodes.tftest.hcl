mock_provider "libvirt" {
  mock_resource "libvirt_cloudinit_disk" {
    defaults = {
      path = "/tmp/seed.iso"
    }
  }

  mock_resource "libvirt_domain" {
    defaults = {
      uuid = "5c7afdd3-cb6d-4316-a33b-82744f304734"
    }
  }

  # The path of the image: the name is the SHA-256 of "ubuntu-20.04".
  mock_resource "libvirt_volume" {
    defaults = {
      id   = "/pool/disk"
      path = "/pool/example-com-image-a2ebd9624316.qcow2"
    }
  }

  override_resource {
    target = libvirt_volume.system
    values = { path = "/pool/system" }
  }

  override_resource {
    target = libvirt_volume.seed
    values = { path = "/pool/seed" }
  }

  override_resource {
    target = libvirt_volume.data
    values = { id = "/pool/disk", path = "/pool/data" }
  }
}

variables {
  name     = "example-com"
  networks = { inside = { network = "example-com" }, uplink = { bridge = "br0" } }
  storage  = { path = "/srv/carbonio" }
  ssh      = { public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1Jm2Bk3Vh8yXJ8wYw2mF2mY3R1sJ5x3cQJk5rPZQ0a admin@example.com" }
  images   = { "ubuntu-20.04" = { source = "/images/focal.img" } }
  nodes = {
    mta1   = { fqdn = "mta1.example.com", vcpu = 4, memory_mib = 10240, os_disk_gib = 30, image = "ubuntu-20.04", private_address = "10.20.0.10", public_address = "198.51.100.10", mac = "52:54:00:00:00:01", uplink_mac = "52:54:00:00:00:02" }
    store1 = { fqdn = "store1.example.com", vcpu = 4, memory_mib = 16384, os_disk_gib = 120, image = "ubuntu-20.04", private_address = "10.20.0.11", mac = "52:54:00:00:00:03" }
  }
  user_data = {
    mta1   = "#cloud-config\nfqdn: mta1.example.com\n"
    store1 = "#cloud-config\ndevice: virtio-@@volume:store1-mail@@\nscript: $${HOME} %%{ for }\n"
  }
  network_config = {
    mta1   = "version: 2\nethernets: {}\n"
    store1 = "version: 2\n"
  }
  volumes = {
    store1-mail      = { node = "store1", size_gib = 750, serial = "mail-0123456789abcde" }
    store1-recording = { node = "store1", size_gib = 80, serial = "recording" }
  }
}

# First, as long as there is nothing that would be in the way.
run "a_lab_is_small" {
  command = plan

  variables {
    hypervisor = "qemu"
    storage    = { pool = "default" }
    images     = { "ubuntu-20.04" = { source = "/images/focal.img", format = "raw" } }
    lab        = { image = "/lab/image.qcow2", memory_mib = 512, shutdown_seconds = 0 }
    nodes = {
      trial1 = { fqdn = "trial1.example.com", vcpu = 4, memory_mib = 10240, os_disk_gib = 30, image = "ubuntu-20.04", private_address = "10.20.0.10", mac = "52:54:00:00:00:01" }
    }
    user_data      = { trial1 = "" }
    network_config = { trial1 = "" }
    volumes        = { trial1-mail = { node = "trial1", size_gib = 750, serial = "mail" } }
  }

  assert {
    condition     = libvirt_domain.this["trial1"].type == "qemu" && libvirt_domain.this["trial1"].memory == 524288 && libvirt_domain.this["trial1"].cpu.mode == "maximum" && libvirt_domain.this["trial1"].destroy == null
    error_message = "Emulated machines have the memory of the lab, and the plug is pulled."
  }

  assert {
    condition     = libvirt_volume.image["ubuntu-20.04"].create.content.url == "/lab/image.qcow2" && libvirt_volume.image["ubuntu-20.04"].target.format.type == "qcow2"
    error_message = "The image of the lab takes the place of the other."
  }

  assert {
    condition     = length(libvirt_pool.this) == 0 && libvirt_volume.data["trial1-mail"].pool == "default"
    error_message = "A pool that exists is used."
  }
}

run "machines_are_as_given" {
  assert {
    condition = { for name, server in libvirt_domain.this : name => "${server.name} ${server.type} ${server.vcpu} ${server.memory} ${server.memory_unit}" } == {
      mta1   = "mta1.example.com kvm 4 10485760 KiB"
      store1 = "store1.example.com kvm 4 16777216 KiB"
    }
    error_message = "Each machine has its own name, processors and memory."
  }

  assert {
    condition     = alltrue([for server in values(libvirt_domain.this) : server.autostart && server.running && server.os.type_machine == "q35" && server.cpu.mode == "host-passthrough" && server.features.acpi])
    error_message = "Machines start with the hypervisor, with its processor, and notice a request to shut down."
  }

  assert {
    condition     = alltrue([for server in values(libvirt_domain.this) : server.destroy.shutdown.timeout == 300 && server.update.shutdown.timeout == 300])
    error_message = "A machine has five minutes to shut down."
  }

  assert {
    condition = { for name, server in libvirt_domain.this : name => [for disk in server.devices.disks : "${disk.target.dev} ${disk.source.file.file} ${disk.driver.type} ${disk.serial}"] } == {
      mta1 = [
        "vda /pool/system qcow2 system",
        "vdb /pool/seed raw seed",
      ]
      store1 = [
        "vda /pool/system qcow2 system",
        "vdb /pool/seed raw seed",
        "vdc /pool/data qcow2 mail-0123456789abcde",
        "vdd /pool/data qcow2 recording",
      ]
    }
    error_message = "A machine has its system disk, its seed and its own data volumes with their serials."
  }

  assert {
    condition     = alltrue([for server in values(libvirt_domain.this) : server.devices.disks[0].boot.order == 1 && server.devices.disks[1].read_only && alltrue([for disk in server.devices.disks : disk.target.bus == "virtio"])])
    error_message = "The system disk is booted, the seed only read, and all are virtio disks."
  }

  assert {
    condition     = { for name, server in libvirt_domain.this : name => [for one in server.devices.interfaces : "${one.mac.address} ${one.source.network == null ? one.source.bridge.bridge : one.source.network.network} ${one.model.type}"] } == { mta1 = ["52:54:00:00:00:01 example-com virtio", "52:54:00:00:00:02 br0 virtio"], store1 = ["52:54:00:00:00:03 example-com virtio"] }
    error_message = "Every machine is inside, and on the uplink only what is to be there."
  }

  assert {
    condition     = alltrue([for server in values(libvirt_domain.this) : server.devices.consoles[0].target.type == "serial"])
    error_message = "Every machine has a serial console."
  }
}

run "disks" {
  assert {
    condition     = libvirt_pool.this["pool"].name == "example-com" && libvirt_pool.this["pool"].type == "dir" && libvirt_pool.this["pool"].target.path == "/srv/carbonio" && !libvirt_pool.this["pool"].destroy.delete
    error_message = "A pool is made of the folder, and the folder is never deleted."
  }

  assert {
    condition     = libvirt_volume.image["ubuntu-20.04"].create.content.url == "/images/focal.img" && libvirt_volume.image["ubuntu-20.04"].target.format.type == "qcow2"
    error_message = "The image is brought to the hypervisor."
  }

  assert {
    condition     = { for name, volume in libvirt_volume.system : name => volume.capacity } == { mta1 = 32212254720, store1 = 128849018880 } && alltrue([for volume in values(libvirt_volume.system) : volume.backing_store.path == libvirt_volume.image["ubuntu-20.04"].path && volume.backing_store.format.type == "qcow2"])
    error_message = "System disks have their own size, and stand on the image."
  }

  assert {
    condition     = { for key, volume in libvirt_volume.data : key => "${volume.name} ${volume.pool} ${volume.capacity} ${volume.target.format.type}" } == { store1-mail = "example-com-data-store1-mail.qcow2 example-com 805306368000 qcow2", store1-recording = "example-com-data-store1-recording.qcow2 example-com 85899345920 qcow2" } && alltrue([for volume in values(libvirt_volume.data) : volume.backing_store == null && volume.create == null])
    error_message = "Data volumes have their size, and are blank."
  }

  assert {
    condition     = libvirt_cloudinit_disk.this["store1"].user_data == "#cloud-config\ndevice: virtio-mail-0123456789abcde\nscript: $${HOME} %%{ for }\n" && libvirt_cloudinit_disk.this["mta1"].user_data == var.user_data["mta1"]
    error_message = "The volume's serial replaces its placeholder, and nothing else changes."
  }

  assert {
    condition     = yamldecode(libvirt_cloudinit_disk.this["mta1"].meta_data) == { instance-id = "mta1.example.com", local-hostname = "mta1.example.com", public-keys = [var.ssh.public_key] } && libvirt_cloudinit_disk.this["mta1"].network_config == var.network_config["mta1"]
    error_message = "The seed carries name, key and network configuration."
  }

  assert {
    condition     = libvirt_volume.seed["mta1"].create.content.url == "/tmp/seed.iso"
    error_message = "The seed is brought to the hypervisor."
  }
}

run "outputs" {
  assert {
    condition     = output.symbols == { "public:mta1" = "198.51.100.10", "volume:store1-mail" = "mail-0123456789abcde", "volume:store1-recording" = "recording" }
    error_message = "The symbols are those of public addresses and of volumes."
  }

  assert {
    condition     = output.public_addresses == { mta1 = "198.51.100.10" } && output.server_ids == { mta1 = "5c7afdd3-cb6d-4316-a33b-82744f304734", store1 = "5c7afdd3-cb6d-4316-a33b-82744f304734" } && output.volume_ids == { store1-mail = "/pool/disk", store1-recording = "/pool/disk" }
    error_message = "Addresses, machines and volumes are reported by their keys."
  }
}

run "machines_ignore_later_user_data_keys_and_names" {
  command = plan

  variables {
    name           = "another"
    ssh            = {}
    user_data      = { mta1 = "changed", store1 = "changed" }
    network_config = { mta1 = "changed", store1 = "changed" }
  }

  assert {
    condition     = libvirt_cloudinit_disk.this["mta1"].user_data == "#cloud-config\nfqdn: mta1.example.com\n" && libvirt_cloudinit_disk.this["mta1"].network_config == "version: 2\nethernets: {}\n" && yamldecode(libvirt_cloudinit_disk.this["mta1"].meta_data).public-keys == ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1Jm2Bk3Vh8yXJ8wYw2mF2mY3R1sJ5x3cQJk5rPZQ0a admin@example.com"]
    error_message = "A machine that runs keeps its seed."
  }

  assert {
    condition     = libvirt_domain.this["store1"].devices.disks[2].source.file.file == "/pool/data" && libvirt_volume.data["store1-mail"].name == "example-com-data-store1-mail.qcow2" && libvirt_pool.this["pool"].name == "example-com"
    error_message = "Disks keep their names."
  }

  # The interfaces of a machine that runs are told, not changed.
  expect_failures = [check.network_config]
}

run "machines_keep_their_interfaces_when_others_get_another_configuration" {
  command = plan

  variables {
    networks = { inside = { bridge = "br1" }, uplink = { bridge = "br0" } }
  }

  assert {
    condition     = libvirt_domain.this["store1"].devices.interfaces[0].source.bridge.bridge == "br1"
    error_message = "What an interface is attached to changes without a word, as the machine notices nothing."
  }
}

run "another_image_beside_the_old_one_changes_nothing" {
  command = plan

  variables {
    images = {
      "ubuntu-20.04" = { source = "/images/focal.img" }
      newer          = { source = "/images/newer.img" }
    }
    nodes = {
      mta1   = { fqdn = "mta1.example.com", vcpu = 4, memory_mib = 10240, os_disk_gib = 30, image = "newer", private_address = "10.20.0.10", public_address = "198.51.100.10", mac = "52:54:00:00:00:01", uplink_mac = "52:54:00:00:00:02" }
      store1 = { fqdn = "store1.example.com", vcpu = 4, memory_mib = 16384, os_disk_gib = 120, image = "newer", private_address = "10.20.0.11", mac = "52:54:00:00:00:03" }
    }
  }

  assert {
    condition     = alltrue([for volume in values(libvirt_volume.system) : volume.backing_store.path == libvirt_volume.image["ubuntu-20.04"].path])
    error_message = "System disks stay on the image that they were made from."
  }
}

run "an_image_in_use_cannot_go" {
  command = plan

  variables {
    images = { newer = { source = "/images/newer.img" } }
    nodes = {
      mta1   = { fqdn = "mta1.example.com", vcpu = 4, memory_mib = 10240, os_disk_gib = 30, image = "newer", private_address = "10.20.0.10", mac = "52:54:00:00:00:01" }
      store1 = { fqdn = "store1.example.com", vcpu = 4, memory_mib = 16384, os_disk_gib = 120, image = "newer", private_address = "10.20.0.11", mac = "52:54:00:00:00:03" }
    }
  }

  expect_failures = [libvirt_volume.system]
}

run "an_image_that_exists_is_never_changed" {
  command = plan

  variables {
    images = { "ubuntu-20.04" = { source = "/images/newer.img" } }
  }

  expect_failures = [check.images]
}

run "a_volume_that_should_grow_is_told" {
  command = plan

  variables {
    volumes = {
      store1-mail      = { node = "store1", size_gib = 800, serial = "mail-0123456789abcde" }
      store1-recording = { node = "store1", size_gib = 80, serial = "recording" }
    }
  }

  expect_failures = [check.sizes]
}

run "disks_cannot_move" {
  command = plan

  variables {
    storage = { pool = "default" }
  }

  expect_failures = [libvirt_volume.system, libvirt_volume.data]
}

run "the_pool_cannot_move" {
  command = plan

  variables {
    storage = { path = "/srv/elsewhere" }
  }

  expect_failures = [libvirt_pool.this]
}

run "an_interface_without_an_uplink_is_refused" {
  command = plan

  variables {
    networks = { inside = { bridge = "br1" } }
  }

  expect_failures = [libvirt_domain.this]
}

run "two_nodes_with_one_address_are_refused" {
  command = plan

  variables {
    nodes = {
      mta1   = { fqdn = "mta1.example.com", vcpu = 4, memory_mib = 10240, os_disk_gib = 30, image = "ubuntu-20.04", private_address = "10.20.0.10", mac = "52:54:00:00:00:01" }
      store1 = { fqdn = "store1.example.com", vcpu = 4, memory_mib = 10240, os_disk_gib = 30, image = "ubuntu-20.04", private_address = "10.20.0.10", mac = "52:54:00:00:00:03" }
    }
  }

  expect_failures = [var.nodes]
}

run "two_interfaces_with_one_hardware_address_are_refused" {
  command = plan

  variables {
    nodes = {
      mta1   = { fqdn = "mta1.example.com", vcpu = 4, memory_mib = 10240, os_disk_gib = 30, image = "ubuntu-20.04", private_address = "10.20.0.10", mac = "52:54:00:00:00:01", uplink_mac = "52:54:00:00:00:03" }
      store1 = { fqdn = "store1.example.com", vcpu = 4, memory_mib = 10240, os_disk_gib = 30, image = "ubuntu-20.04", private_address = "10.20.0.11", mac = "52:54:00:00:00:03" }
    }
  }

  expect_failures = [var.nodes]
}

run "a_hardware_address_of_a_maker_is_refused" {
  command = plan

  variables {
    nodes = {
      mta1   = { fqdn = "mta1.example.com", vcpu = 4, memory_mib = 10240, os_disk_gib = 30, image = "ubuntu-20.04", private_address = "10.20.0.10", mac = "00:16:3e:00:00:01" }
      store1 = { fqdn = "store1.example.com", vcpu = 4, memory_mib = 10240, os_disk_gib = 30, image = "ubuntu-20.04", private_address = "10.20.0.11", mac = "52:54:00:00:00:03" }
    }
  }

  expect_failures = [var.nodes]
}

run "a_long_serial_is_refused" {
  command = plan

  variables {
    volumes = { store1-mail = { node = "store1", size_gib = 750, serial = "more-than-20-characters" } }
  }

  expect_failures = [var.volumes]
}

run "two_volumes_with_one_serial_are_refused" {
  command = plan

  variables {
    volumes = {
      store1-mail      = { node = "store1", size_gib = 750, serial = "mail" }
      store1-recording = { node = "store1", size_gib = 80, serial = "mail" }
    }
  }

  expect_failures = [var.volumes]
}

run "a_relative_path_is_refused" {
  command = plan

  variables {
    images = { "ubuntu-20.04" = { source = "focal.img" } }
  }

  expect_failures = [var.images]
}

run "a_format_that_cannot_be_stood_on_is_refused" {
  command = plan

  variables {
    images = { "ubuntu-20.04" = { source = "/images/focal.vmdk", format = "vmdk" } }
  }

  expect_failures = [var.images]
}

run "pool_and_path_are_refused" {
  command = plan

  variables {
    storage = { pool = "default", path = "/srv/carbonio" }
  }

  expect_failures = [var.storage]
}

run "another_hypervisor_is_refused" {
  command = plan

  variables {
    hypervisor = "xen"
  }

  expect_failures = [var.hypervisor]
}
