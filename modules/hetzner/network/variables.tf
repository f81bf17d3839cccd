variable "cidr" {
  type        = string
  description = "IPv4 range of the network: a private one (RFC 1918), /24 or larger."
  nullable    = false

  validation {
    condition = (
      can(cidrnetmask(var.cidr)) &&
      can(regex("^(10|192\\.168|172\\.(1[6-9]|2[0-9]|3[01]))\\.", var.cidr)) &&
      try(tonumber(split("/", var.cidr)[1]) >= 8 && tonumber(split("/", var.cidr)[1]) <= 24, false)
    )
    error_message = "cidr must be a private IPv4 range between /8 and /24, such as 10.20.0.0/16."
  }
}

variable "name" {
  type        = string
  description = "Name of the deployment: the network's name, and its label \"deployment\"."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name must consist of lower-case letters, digits and hyphens (63 at most), without a hyphen at an end."
  }
}

variable "protect" {
  type        = bool
  description = "Whether Hetzner refuses to delete the network until this is false again."
  default     = false
  nullable    = false
}

variable "subnets" {
  type = map(object({
    cidr = string
  }))
  description = "Subnets by stable key: their range inside cidr."
  nullable    = false

  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets must hold at least one subnet: a network without one takes no server."
  }

  validation {
    condition     = alltrue([for subnet in values(var.subnets) : can(cidrnetmask(subnet.cidr))])
    error_message = "Each subnet's cidr must be an IPv4 range such as 10.20.0.0/17."
  }
}

variable "way_out" {
  type        = string
  description = "Private address of the machine that nodes without a public address leave through; null without one."
  default     = null

  validation {
    condition     = var.way_out == null || can(cidrnetmask("${var.way_out}/32"))
    error_message = "way_out must be an IPv4 address such as 10.20.240.10."
  }
}

variable "zone" {
  type        = string
  description = "Network zone of all subnets, such as eu-central; it holds the location of the nodes."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+$", var.zone))
    error_message = "zone must be a network zone such as eu-central."
  }
}
