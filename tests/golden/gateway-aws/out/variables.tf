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
    inside = map(object({
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
  description = "Public zones by name, their record sets and those of the inside view by \"name TYPE\", and reverse names by symbol of the address. A value's text is a format() string with one %s for each address symbol."
  nullable    = false
}

variable "domain" {
  type        = string
  description = "The mail domain, and the domain of all nodes."
  nullable    = false
}

variable "firewall" {
  type = object({
    groups = map(object({
      description = string
    }))
    rules = map(object({
      group       = string
      direction   = string
      protocol    = string
      from_port   = optional(number)
      to_port     = optional(number)
      peer_group  = optional(string)
      peer_cidr   = optional(string)
      description = string
    }))
  })
  description = "Security groups (one for all nodes, one for each set of roles) and their rules by stable key."
  nullable    = false
}

variable "images" {
  type = map(object({
    id                 = optional(string)
    owner              = optional(string)
    name               = optional(string)
    include_deprecated = optional(bool, false)
  }))
  description = "Images by key: a pinned id, or the owner's account and a name pattern to look up."
  nullable    = false
}

variable "name" {
  type        = string
  description = "Name of the deployment: the start of all names, and the tag \"deployment\"."
  nullable    = false
}

variable "network" {
  type = object({
    cidr = string
    subnets = map(object({
      cidr   = string
      zone   = string
      public = bool
    }))
    nat_subnet = optional(string)
    gateway    = optional(string)
  })
  description = "Private range, subnets by stable key, and how private subnets reach the Internet: the key of the subnet with the NAT gateway, or the name of the node that they leave through."
  nullable    = false

  validation {
    condition     = var.network.nat_subnet == null || var.network.gateway == null
    error_message = "Private subnets leave by nat_subnet or through gateway, not both: they have one default route."
  }
}

variable "nodes" {
  type = map(object({
    fqdn            = string
    roles           = list(string)
    type            = string
    image           = string
    subnet          = string
    private_address = string
    public          = bool
    forwards        = optional(bool, false)
    groups          = list(string)
    os_disk_gib     = number
    user_data       = string
    login_user      = string
    jump            = optional(string)
    login_address   = string
  }))
  description = "Nodes by name. forwards lets packets of others pass, as on a gateway; user_data is a file in this folder; jump is the node that ssh goes through to a private one."
  nullable    = false
}

variable "protect" {
  type        = bool
  description = "Whether AWS refuses to terminate the nodes until this is false again."
  nullable    = false
}

variable "region" {
  type        = string
  description = "AWS region."
  nullable    = false
}

variable "ssh" {
  type = object({
    public_key        = optional(string)
    existing_key_pair = optional(string)
  })
  description = "Public key of the operator, or the name of a key pair that exists in the region."
  nullable    = false
}

variable "volumes" {
  type = map(object({
    node           = string
    size_gib       = number
    device         = string
    final_snapshot = bool
  }))
  description = "Data volumes by stable key."
  nullable    = false
}
