locals {
  gib = 1073741824

  # The key is constant: another name of the deployment must not make a pool anew.
  own_pool = var.storage.path == null ? {} : { pool = var.storage.path }
  pool     = var.storage.path == null ? var.storage.pool : libvirt_pool.this["pool"].name

  images = {
    for key, image in var.images : key => {
      source = var.lab.image == null ? image.source : var.lab.image
      format = var.lab.image == null ? image.format : "qcow2"
    }
  }

  # Maps, made once: Terraform reads a whole resource for each reference to one of its instances.
  image_names  = { for key, image in libvirt_volume.image : key => image.name }
  image_paths  = { for key, image in libvirt_volume.image : key => image.path }
  system_paths = { for name, volume in libvirt_volume.system : name => volume.path }
  seed_sources = { for name, disk in libvirt_cloudinit_disk.this : name => disk.path }
  seed_paths   = { for name, volume in libvirt_volume.seed : name => volume.path }
  data_paths   = { for key, volume in libvirt_volume.data : key => volume.path }
  volume_keys = {
    for name in keys(var.nodes) : name => sort([for key, volume in var.volumes : key if volume.node == name])
  }

  devices = merge([
    for keys in values(local.volume_keys) : { for index, key in keys : key => "vd${substr("cdefghijklmnopqrstuvwxyz", index, 1)}" }
  ]...)

  # The link under /dev/disk/by-id carries a disk's serial.
  volume_symbols = { for key, volume in var.volumes : "volume:${key}" => volume.serial }

  # Volumes only: what a node gets at first boot may not depend on other nodes or on addresses.
  user_data = {
    for name, text in var.user_data : name => join("", [
      for index, part in split("@@", text) : index % 2 == 0 ? part : local.volume_symbols[part]
    ])
  }

  # By machine and disk, as the hypervisor names them.
  sizes = merge(
    { for name, volume in libvirt_volume.system : "${var.nodes[name].fqdn} vda" => { made = volume.capacity, wanted = var.nodes[name].os_disk_gib * local.gib } },
    { for key, device in local.devices : "${var.nodes[var.volumes[key].node].fqdn} ${device}" => { made = libvirt_volume.data[key].capacity, wanted = var.volumes[key].size_gib * local.gib } },
  )
}

resource "libvirt_pool" "this" {
  for_each = local.own_pool

  name = var.name
  type = "dir"

  target = {
    path = each.value
  }

  # The folder may hold what is not ours.
  destroy = {
    delete = false
  }

  lifecycle {
    ignore_changes = all

    postcondition {
      condition     = self.target.path == each.value
      error_message = "The storage pool ${self.name} is in ${self.target.path}, and holds disks in use: it cannot become ${each.value}."
    }
  }
}

# The nodes' system disks hold only what differs from these. So an image is never changed, and
# never removed before the last disk that stands on it.
resource "libvirt_volume" "image" {
  for_each = local.images

  # By its ending AppArmor knows an image, in whatever folder.
  name = "${var.name}-image-${substr(sha256(each.key), 0, 12)}.${each.value.format}"
  pool = local.pool

  target = {
    format = {
      type = each.value.format
    }
  }

  create = {
    content = {
      url = each.value.source
    }
  }

  lifecycle {
    ignore_changes = all
  }
}

resource "libvirt_volume" "system" {
  for_each = var.nodes

  name     = "${var.name}-system-${each.key}.qcow2"
  pool     = local.pool
  capacity = each.value.os_disk_gib * local.gib

  target = {
    format = {
      type = "qcow2"
    }
  }

  backing_store = {
    path = local.image_paths[each.value.image]
    format = {
      type = local.images[each.value.image].format
    }
  }

  lifecycle {
    # A mail server is not rebuilt because another image was named, or the storage renamed.
    # Rebuilding is explicit: terraform apply -replace='module.nodes.libvirt_volume.system["<node>"]'.
    ignore_changes = all

    # By its name, which is known before anything is applied; paths of new images are not.
    postcondition {
      condition     = contains(values(local.image_names), basename(self.backing_store.path))
      error_message = "The system disk of ${each.key} holds only what differs from the image ${self.backing_store.path}; without that the machine is lost. Keep the image in images, with its key, or rebuild the machine with -replace='module.nodes.libvirt_volume.system[\"${each.key}\"]'."
    }

    postcondition {
      condition     = self.pool == local.pool
      error_message = "The system disk of ${each.key} is in the storage pool ${self.pool}, and cannot move to ${local.pool}."
    }
  }
}

resource "libvirt_cloudinit_disk" "this" {
  for_each = var.nodes

  name           = "${var.name}-seed-${each.key}"
  user_data      = local.user_data[each.key]
  network_config = var.network_config[each.key]
  meta_data = yamlencode({
    instance-id    = each.value.fqdn
    local-hostname = each.value.fqdn
    public-keys    = var.ssh.public_key == null ? [] : [var.ssh.public_key]
  })

  lifecycle {
    # It counts at the first boot only.
    ignore_changes       = all
    replace_triggered_by = [libvirt_volume.system[each.key]]
  }
}

resource "libvirt_volume" "seed" {
  for_each = var.nodes

  name = "${var.name}-seed-${each.key}.iso"
  pool = local.pool

  create = {
    content = {
      url = local.seed_sources[each.key]
    }
  }

  lifecycle {
    ignore_changes       = all
    replace_triggered_by = [libvirt_volume.system[each.key]]
  }
}

# Data volumes know nothing of the machine: they outlive it.
resource "libvirt_volume" "data" {
  for_each = var.volumes

  name     = "${var.name}-data-${each.key}.qcow2"
  pool     = local.pool
  capacity = each.value.size_gib * local.gib

  target = {
    format = {
      type = "qcow2"
    }
  }

  lifecycle {
    # Nothing but its removal from volumes may ever replace it.
    ignore_changes = all

    postcondition {
      condition     = self.pool == local.pool
      error_message = "The volume ${each.key} is in the storage pool ${self.pool}, and cannot move to ${local.pool}."
    }
  }
}

resource "libvirt_domain" "this" {
  for_each = var.nodes

  name        = each.value.fqdn
  description = "Node ${each.key} of ${var.name}, managed by Terraform"
  type        = var.hypervisor
  vcpu        = var.lab.vcpu == null ? each.value.vcpu : var.lab.vcpu
  memory      = (var.lab.memory_mib == null ? each.value.memory_mib : var.lab.memory_mib) * 1024
  memory_unit = "KiB"
  autostart   = true
  running     = true

  os = {
    type         = "hvm"
    type_arch    = "x86_64"
    type_machine = "q35"
  }

  # The processor that the host has, without what it lacks; the emulation has no host's processor.
  cpu = {
    mode = var.hypervisor == "kvm" ? "host-passthrough" : "maximum"
  }

  # Without ACPI a machine does not notice that it is asked to shut down.
  features = {
    acpi = true
    apic = {}
  }

  update = {
    shutdown = {
      timeout = var.lab.shutdown_seconds
    }
  }

  # A node of the mail suite has databases to close. A machine that takes longer is not removed.
  destroy = var.lab.shutdown_seconds == 0 ? null : {
    shutdown = {
      timeout = var.lab.shutdown_seconds
    }
  }

  devices = {
    # By their files: where AppArmor confines machines, as on Ubuntu and Debian, it lets them open these and
    # what these stand on, and nothing of a disk that is named by pool and volume (https://bugs.launchpad.net/bugs/1677398).
    # All are virtio disks, the seed too: some kernels for clouds have no driver for CD drives.
    disks = concat(
      [
        {
          source    = { file = { file = local.system_paths[each.key] } }
          target    = { dev = "vda", bus = "virtio" }
          driver    = { name = "qemu", type = "qcow2", discard = "unmap" }
          boot      = { order = 1 }
          serial    = "system"
          read_only = null
        },
        {
          source    = { file = { file = local.seed_paths[each.key] } }
          target    = { dev = "vdb", bus = "virtio" }
          driver    = { name = "qemu", type = "raw" }
          boot      = null
          serial    = "seed"
          read_only = true
        },
      ],
      [
        for key in local.volume_keys[each.key] : {
          source    = { file = { file = local.data_paths[key] } }
          target    = { dev = local.devices[key], bus = "virtio" }
          driver    = { name = "qemu", type = "qcow2", discard = "unmap" }
          boot      = null
          serial    = var.volumes[key].serial
          read_only = null
        }
      ],
    )

    interfaces = [
      for interface in [
        { mac = each.value.mac, to = var.networks.inside },
        { mac = each.value.uplink_mac, to = var.networks.uplink },
        ] : {
        mac   = { address = interface.mac }
        model = { type = "virtio" }
        source = {
          bridge  = interface.to.bridge == null ? null : { bridge = interface.to.bridge }
          network = interface.to.network == null ? null : { network = interface.to.network }
        }
      } if interface.mac != null
    ]

    consoles = [
      {
        target = { type = "serial", port = 0 }
      },
    ]

    rngs = [
      {
        model   = "virtio"
        backend = { random = "/dev/urandom" }
      },
    ]
  }

  lifecycle {
    # Any change of a machine stops it. How it is stopped is no reason to.
    ignore_changes       = [description, destroy, update]
    replace_triggered_by = [libvirt_volume.system[each.key]]

    precondition {
      condition     = each.value.uplink_mac == null || var.networks.uplink != null
      error_message = "${each.key} has an interface on the uplink, and there is no uplink."
    }
  }
}

# The provider neither resizes a volume nor reads its size again; the hypervisor does it while the
# machine runs.
check "sizes" {
  assert {
    condition = alltrue([for size in values(local.sizes) : size.made == size.wanted])
    error_message = join("\n", concat(
      ["These disks were made with another size than the topology says. Terraform cannot grow them, nor see that you did; no disk shrinks:"],
      [for disk, size in local.sizes : size.made < size.wanted ? "  virsh blockresize ${disk} ${size.wanted}B" : "  ${disk} was made with ${size.made / local.gib} GiB" if size.made != size.wanted],
    ))
  }
}

# A machine reads it at its first boot. Other cards or addresses change the hypervisor's side of it alone.
check "network_config" {
  assert {
    condition     = alltrue([for name, disk in libvirt_cloudinit_disk.this : disk.network_config == var.network_config[name]])
    error_message = "The interfaces of these machines are to be configured in another way than they were at the first boot, which Terraform does not do: ${join(", ", [for name, disk in libvirt_cloudinit_disk.this : name if disk.network_config != var.network_config[name]])}. Configure them by hand as network-config says, or rebuild each: terraform apply -replace='module.nodes.libvirt_volume.system[\"<node>\"]'."
  }
}

check "images" {
  assert {
    condition     = alltrue([for key, image in local.images : libvirt_volume.image[key].create.content.url == image.source])
    error_message = "An image that exists is never changed, because system disks stand on it: ${join(", ", [for key, image in local.images : "${key} stays ${libvirt_volume.image[key].create.content.url}" if libvirt_volume.image[key].create.content.url != image.source])}. Give the new one a key of its own."
  }
}
