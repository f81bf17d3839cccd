# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

variable "dns" {
  type = object({
    zones = map(object({
      existing = bool
    }))
    public = map(object({
      zone = string
      name = string
      type = string
      ttl  = number
      values = list(object({
        text      = string
        addresses = list(string)
      }))
    }))
    ptr = map(string)
  })
  description = "Public zones by name, their record sets by \"name TYPE\", and reverse names by symbol of the address: whoever gave the addresses enters these. A value's text is a format() string with one %s for each address symbol."
  nullable    = false
}

variable "domain" {
  type        = string
  description = "The mail domain, and the domain of all nodes."
  nullable    = false
}

variable "hypervisor" {
  type        = string
  description = "kvm, or qemu where the hypervisor's processor cannot virtualize: emulation, many times slower."
  default     = "kvm"
  nullable    = false
}

variable "images" {
  type = map(object({
    source = string
    format = optional(string, "qcow2")
  }))
  description = "Images by key: absolute path on the machine that runs Terraform, or URL, and the format, qcow2 or raw. System disks stand on them: an image stays as long as machines made from it."
  nullable    = false
}

variable "lab" {
  type = object({
    image            = optional(string)
    memory_mib       = optional(number)
    vcpu             = optional(number)
    shutdown_seconds = optional(number, 300)
  })
  description = "For trials on a small machine, and never in terraform.tfvars.json: an image that takes the place of every other, a memory and a number of processors that every node gets, and how long a machine may take to shut down."
  default     = {}
  nullable    = false
}

variable "name" {
  type        = string
  description = "Name of the deployment: the start of all names."
  nullable    = false
}

variable "network" {
  type = object({
    cidr = string
    subnets = map(object({
      cidr = string
    }))
    gateway = optional(string)
    way_out = bool
    inside = optional(object({
      bridge  = optional(string)
      network = optional(string)
    }))
    uplink = optional(object({
      bridge  = optional(string)
      network = optional(string)
      cidr    = optional(string)
    }))
  })
  description = "Private range and its parts, the node that is the gateway, and whether the others leave through it. inside is where private addresses are: a bridge or network that exists, or null for an isolated one. uplink is the way to the Internet: a bridge or network that exists, or the range of one to make; null without any."
  nullable    = false
}

variable "nodes" {
  type = map(object({
    fqdn            = string
    roles           = list(string)
    type            = string
    vcpu            = number
    memory_mib      = number
    os_disk_gib     = number
    image           = string
    subnet          = string
    private_address = string
    public          = bool
    public_address  = optional(string)
    groups          = list(string)
    mac             = string
    uplink_mac      = optional(string)
    user_data       = string
    network_config  = string
    login_user      = string
    jump            = optional(string)
    login_address   = string
  }))
  description = "Nodes by name. user_data and network_config are files in this folder; mac and uplink_mac are the hardware addresses of the interfaces, by which network_config finds them; jump is the node that ssh goes through to one without a public address."
  nullable    = false
}

variable "protect" {
  type        = bool
  description = "Must be false: libvirt deletes what it is told to delete."
  nullable    = false

  validation {
    condition     = !var.protect
    error_message = "libvirt cannot protect machines and volumes from deletion: set protect to false."
  }
}

variable "region" {
  type        = string
  description = "Always \"local\": what uri names."
  nullable    = false
}

variable "ssh" {
  type = object({
    public_key = optional(string)
  })
  description = "Public key of the operator."
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
}

variable "uri" {
  type        = string
  description = "The hypervisor: qemu:///system is the machine that runs Terraform, qemu+sshcmd://user@host/system is another."
  default     = "qemu:///system"
  nullable    = false
}

variable "volumes" {
  type = map(object({
    node     = string
    size_gib = number
    serial   = string
  }))
  description = "Data volumes by stable key. A node finds one as /dev/disk/by-id/virtio-<serial>."
  nullable    = false
}
