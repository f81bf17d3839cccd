variable "cidr" {
  type        = string
  description = "IPv4 range of the VPC, between /16 and /28."
  nullable    = false

  validation {
    condition = (
      can(cidrnetmask(var.cidr)) &&
      try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 28, false)
    )
    error_message = "cidr must be an IPv4 range between /16 and /28, such as 10.20.0.0/16."
  }
}

variable "name" {
  type        = string
  description = "Name of the deployment; the Name tag of everything starts with it."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,62}$", var.name))
    error_message = "name must consist of lower-case letters, digits and hyphens (63 at most)."
  }
}

variable "nat_subnet" {
  type        = string
  description = "Key of the public subnet that holds the NAT gateway; null when no private node needs one."
  default     = null
}

variable "subnets" {
  type = map(object({
    cidr   = string
    zone   = string
    public = bool
  }))
  description = "Subnets by stable key: their range inside cidr, their availability zone, and whether their default route is the internet gateway."
  nullable    = false

  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets must hold at least one subnet."
  }

  validation {
    condition     = alltrue([for subnet in values(var.subnets) : can(cidrnetmask(subnet.cidr))])
    error_message = "Each subnet's cidr must be an IPv4 range such as 10.20.0.0/20."
  }

  validation {
    condition     = alltrue([for subnet in values(var.subnets) : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$", subnet.zone))])
    error_message = "Each subnet's zone must be an availability zone such as eu-central-1a."
  }
}
