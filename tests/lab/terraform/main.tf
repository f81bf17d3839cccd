terraform {
  required_version = ">= 1.7.0"
  required_providers {
    libvirt = {
      source  = "dmacvicar/libvirt"
      version = "~> 0.9.7"
    }
  }
}

variable "uri" {
  type = string
}

variable "pool" {
  description = "Folder of the disks."
  type        = string
}

variable "image" {
  description = "Path of the disk that guests start from (qcow2)."
  type        = string
}

variable "cidr" {
  description = "The private network; its first address belongs to the host."
  type        = string
}

variable "memory_mib" {
  type    = number
  default = 512
}

variable "nodes" {
  type = map(object({
    address   = string
    user_data = string
    # Serial number of each volume (up to 20 characters) to its size.
    volumes = map(number)
  }))
}

provider "libvirt" {
  uri = var.uri
}

locals {
  # The same address, the same MAC: 52:54:00 is QEMU's prefix.
  macs = {
    for name, node in var.nodes :
    name => format("52:54:00:%02x:%02x:%02x", [for part in slice(split(".", node.address), 1, 4) : tonumber(part)]...)
  }
  volumes = merge([
    for name, node in var.nodes : { for serial, size in node.volumes : "${name}/${serial}" => { node = name, serial = serial, gib = size } }
  ]...)
}

resource "libvirt_pool" "lab" {
  name   = "lab"
  type   = "dir"
  target = { path = var.pool }
}

resource "libvirt_network" "inside" {
  name = "inside"
  # Routes, and leaves the packet filter of the host alone.
  forward = { mode = "open" }
  bridge  = { name = "inside" }
  # Only what DHCP hands out: names are answered by the stand-in for the Internet.
  dns = { enable = "no" }
  dnsmasq_options = {
    option = [{ value = "dhcp-option=option:dns-server,185.12.64.1,185.12.64.2" }]
  }
  ips = [{
    address = cidrhost(var.cidr, 1)
    prefix  = tonumber(split("/", var.cidr)[1])
    dhcp    = { hosts = [for name, node in var.nodes : { mac = local.macs[name], ip = node.address }] }
  }]
}

resource "libvirt_volume" "base" {
  name   = "base.qcow2"
  pool   = libvirt_pool.lab.name
  target = { format = { type = "qcow2" } }
  create = { content = { url = var.image } }
}

resource "libvirt_volume" "system" {
  for_each      = var.nodes
  name          = "${each.key}.qcow2"
  pool          = libvirt_pool.lab.name
  capacity      = 8
  capacity_unit = "GiB"
  target        = { format = { type = "qcow2" } }
  backing_store = {
    path   = libvirt_volume.base.path
    format = { type = "qcow2" }
  }
}

resource "libvirt_volume" "data" {
  for_each      = local.volumes
  name          = "${each.value.node}-${each.value.serial}.qcow2"
  pool          = libvirt_pool.lab.name
  capacity      = each.value.gib
  capacity_unit = "GiB"
  target        = { format = { type = "qcow2" } }
}

resource "libvirt_cloudinit_disk" "seed" {
  for_each       = var.nodes
  name           = "${each.key}-seed"
  user_data      = file(each.value.user_data)
  meta_data      = jsonencode({ instance-id = "${each.key}-1", local-hostname = each.key })
  network_config = jsonencode({ version = 2, ethernets = { eth0 = { match = { macaddress = local.macs[each.key] }, dhcp4 = true } } })
}

resource "libvirt_volume" "seed" {
  for_each = var.nodes
  name     = "${each.key}-seed.iso"
  pool     = libvirt_pool.lab.name
  create   = { content = { url = libvirt_cloudinit_disk.seed[each.key].path } }
}

resource "libvirt_domain" "node" {
  for_each = var.nodes
  name     = each.key
  type     = "qemu"
  memory   = var.memory_mib * 1024
  vcpu     = 1
  running  = true
  cpu      = { mode = "maximum" }
  os       = { type = "hvm", type_arch = "x86_64", type_machine = "q35" }
  features = { acpi = true }
  devices = {
    disks = concat(
      [
        {
          source = { volume = { pool = libvirt_pool.lab.name, volume = libvirt_volume.system[each.key].name } }
          driver = { name = "qemu", type = "qcow2", cache = "unsafe" }
          target = { dev = "vda", bus = "virtio" }
          serial = null
          device = "disk"
        },
        {
          source = { volume = { pool = libvirt_pool.lab.name, volume = libvirt_volume.seed[each.key].name } }
          driver = { name = "qemu", type = "raw", cache = null }
          target = { dev = "sda", bus = "sata" }
          serial = null
          device = "cdrom"
        },
      ],
      [
        for index, serial in sort(keys(each.value.volumes)) : {
          source = { volume = { pool = libvirt_pool.lab.name, volume = libvirt_volume.data["${each.key}/${serial}"].name } }
          driver = { name = "qemu", type = "qcow2", cache = "unsafe" }
          target = { dev = "vd${substr("bcdefgh", index, 1)}", bus = "virtio" }
          serial = serial
          device = "disk"
        }
      ],
    )
    interfaces = [{
      source = { network = { network = libvirt_network.inside.name } }
      mac    = { address = local.macs[each.key] }
      model  = { type = "virtio" }
    }]
    consoles = [{ target = { type = "serial", port = 0 } }]
    rngs     = [{ model = "virtio", backend = { random = "/dev/urandom" } }]
  }
}
