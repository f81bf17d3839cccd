variable "hypervisor" {
  type        = string
  description = "kvm, or qemu where the hypervisor's processor cannot virtualize: emulation, many times slower."
  default     = "kvm"
  nullable    = false

  validation {
    condition     = contains(["kvm", "qemu"], var.hypervisor)
    error_message = "hypervisor must be kvm or qemu."
  }
}

variable "images" {
  type = map(object({
    source = string
    format = optional(string, "qcow2")
  }))
  description = "Images by key: absolute path on the machine that runs Terraform, or URL, and the format, qcow2 or raw. Another image needs another key."
  nullable    = false

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("^(/|https?://)", image.source))])
    error_message = "An image's source must be an absolute path, or a URL with http:// or https://."
  }

  validation {
    condition     = alltrue([for image in values(var.images) : contains(["qcow2", "raw"], image.format)])
    error_message = "An image's format must be qcow2 or raw."
  }
}

variable "lab" {
  type = object({
    image            = optional(string)
    memory_mib       = optional(number)
    vcpu             = optional(number)
    shutdown_seconds = optional(number, 300)
  })
  description = "For trials on a small machine: a qcow2 image that takes the place of every other, a memory and a number of processors that every node gets, and how long a machine may take to shut down before it is changed or removed (0 pulls the plug)."
  default     = {}
  nullable    = false

  validation {
    condition     = var.lab.image == null || can(regex("^(/|https?://)", var.lab.image))
    error_message = "lab.image must be an absolute path, or a URL with http:// or https://."
  }
}

variable "name" {
  type        = string
  description = "Name of the deployment: the start of the names of volumes, and the name of the pool."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name must consist of lower-case letters, digits and hyphens (63 at most), without a hyphen at an end."
  }
}

variable "network_config" {
  type        = map(string)
  description = "Network configuration by node, in cloud-init's format: it carries the static addresses, and finds the interfaces by their hardware addresses."
  nullable    = false
}

variable "networks" {
  type = object({
    inside = object({
      bridge  = optional(string)
      network = optional(string)
    })
    uplink = optional(object({
      bridge  = optional(string)
      network = optional(string)
    }))
  })
  description = "What the interfaces are attached to: a bridge of the hypervisor or a network of libvirt, for private addresses and for the way to the Internet."
  nullable    = false
}

variable "nodes" {
  type = map(object({
    fqdn            = string
    vcpu            = number
    memory_mib      = number
    os_disk_gib     = number
    image           = string
    private_address = string
    public_address  = optional(string)
    mac             = string
    uplink_mac      = optional(string)
  }))
  description = "Nodes by name: FQDN, processors, memory, size of the system disk, key of the image, private address, the public address if the operator gave it one, and the hardware addresses of its interfaces: inside, and on the uplink where it has one."
  nullable    = false

  validation {
    condition = alltrue([
      for node in values(var.nodes) : alltrue([
        for address in compact([node.private_address, node.public_address]) : can(cidrnetmask("${address}/32"))
      ])
    ])
    error_message = "A node's private_address and public_address must be IPv4 addresses."
  }

  validation {
    condition     = length(distinct(values(var.nodes)[*].private_address)) == length(var.nodes)
    error_message = "Two nodes may not have one private_address."
  }

  validation {
    condition = alltrue([
      for mac in compact(flatten([for node in values(var.nodes) : [node.mac, node.uplink_mac]])) : can(regex("^[0-9a-f][26ae](:[0-9a-f]{2}){5}$", mac))
    ])
    error_message = "mac and uplink_mac must be locally administered hardware addresses in lower case, such as 52:54:00:12:34:56."
  }

  validation {
    condition = (
      length(distinct(compact(flatten([for node in values(var.nodes) : [node.mac, node.uplink_mac]])))) ==
      length(compact(flatten([for node in values(var.nodes) : [node.mac, node.uplink_mac]])))
    )
    error_message = "No two interfaces may have one hardware address."
  }

  validation {
    condition = alltrue([
      for node in values(var.nodes) : alltrue([for number in [node.vcpu, node.memory_mib, node.os_disk_gib] : number >= 1 && floor(number) == number])
    ])
    error_message = "A node's vcpu, memory_mib and os_disk_gib must be whole numbers from 1."
  }
}

variable "ssh" {
  type = object({
    public_key = optional(string)
  })
  description = "The operator's first way in: a public key for the image's own user."
  nullable    = false
}

variable "storage" {
  type = object({
    pool = optional(string)
    path = optional(string)
  })
  description = "Where the disks are: a storage pool that libvirt has, with files; or a folder of the hypervisor, to make one of."
  default     = { pool = "default" }
  nullable    = false

  validation {
    condition     = length(compact(values(var.storage))) == 1
    error_message = "storage must have either a pool or a path."
  }

  validation {
    condition     = var.storage.path == null || can(regex("^/.*[^/]$", var.storage.path))
    error_message = "storage.path must be an absolute path without a / at its end."
  }
}

variable "user_data" {
  type        = map(string)
  description = "User-data by node. @@volume:<key>@@ stands for the serial of a volume of this node."
  nullable    = false
}

variable "volumes" {
  type = map(object({
    node     = string
    size_gib = number
    serial   = string
  }))
  description = "Data volumes by stable key: the node that they are attached to, the size in GiB, and the serial under which the node finds it: /dev/disk/by-id/virtio-<serial>."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for volume in values(var.volumes) : volume.size_gib >= 1 && floor(volume.size_gib) == volume.size_gib])
    error_message = "A volume's size_gib must be a whole number from 1."
  }

  validation {
    condition     = alltrue([for volume in values(var.volumes) : can(regex("^[A-Za-z0-9_-]{1,20}$", volume.serial)) && !contains(["seed", "system"], volume.serial)])
    error_message = "A volume's serial may have 20 letters, digits, - and _, which is what virtio carries, and seed and system are taken."
  }

  validation {
    condition     = length(distinct([for volume in values(var.volumes) : "${volume.node} ${volume.serial}"])) == length(var.volumes)
    error_message = "Two volumes of a node may not have one serial."
  }

  validation {
    condition     = alltrue([for keys in values({ for key, volume in var.volumes : volume.node => key... }) : length(keys) <= 24])
    error_message = "A node may have 24 volumes at most."
  }
}
