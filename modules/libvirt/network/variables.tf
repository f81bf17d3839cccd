variable "inside" {
  type = object({
    bridge  = optional(string)
    network = optional(string)
  })
  description = "Where the nodes' private addresses are: a bridge of the hypervisor, or a network that libvirt has; null makes an isolated network of their own."
  default     = null

  validation {
    condition     = var.inside == null || length(compact(values(var.inside == null ? {} : var.inside))) == 1
    error_message = "inside must name either a bridge or a network."
  }
}

variable "name" {
  type        = string
  description = "Name of the deployment: the names of the networks, or their start."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name must consist of lower-case letters, digits and hyphens (63 at most), without a hyphen at an end."
  }
}

variable "uplink" {
  type = object({
    bridge  = optional(string)
    network = optional(string)
    cidr    = optional(string)
  })
  description = "The way to the Internet: a bridge of the hypervisor, or a network that libvirt has, or the IPv4 range of a network to make, behind the hypervisor's own address; null without any."
  default     = null

  validation {
    condition     = var.uplink == null || length(compact(values(var.uplink == null ? {} : var.uplink))) == 1
    error_message = "uplink must name either a bridge or a network, or have a cidr."
  }

  validation {
    condition = try(var.uplink.cidr, null) == null || (
      can(cidrnetmask(var.uplink.cidr)) &&
      can(regex("^(10|192\\.168|172\\.(1[6-9]|2[0-9]|3[01]))\\.", var.uplink.cidr)) &&
      try(tonumber(split("/", var.uplink.cidr)[1]) >= 16 && tonumber(split("/", var.uplink.cidr)[1]) <= 28, false)
    )
    error_message = "uplink.cidr must be a private IPv4 range between /16 and /28, such as 192.168.150.0/24."
  }
}
