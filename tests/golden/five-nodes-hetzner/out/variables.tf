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
  description = "Public zones by name, their record sets by \"name TYPE\", and reverse names by symbol of the address. A value's text is a format() string with one %s for each address symbol."
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
      ports       = optional(string)
      ranges      = list(string)
      description = string
    }))
  })
  description = "Firewalls of the public addresses (one for all nodes, one for each set of roles) and their rules by stable key. What passes inside the network is decided by the nodes' own firewalls."
  nullable    = false
}

variable "images" {
  type = map(object({
    id       = optional(string)
    name     = optional(string)
    selector = optional(string)
  }))
  description = "Images by key: a pinned id, the label selector of a snapshot, or the name of one of Hetzner's images."
  nullable    = false
}

variable "name" {
  type        = string
  description = "Name of the deployment: the start of all names, and the label \"deployment\"."
  nullable    = false
}

variable "network" {
  type = object({
    cidr = string
    zone = string
    subnets = map(object({
      cidr = string
    }))
    gateway = optional(string)
    way_out = bool
  })
  description = "Private range, network zone, subnets by stable key, the node that is the gateway, and whether the others leave through it."
  nullable    = false
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
    public_address  = bool
    groups          = list(string)
    placement_group = optional(string)
    user_data       = string
    login_user      = string
    jump            = optional(string)
    login_address   = string
  }))
  description = "Nodes by name. user_data is a file in this folder; jump is the node that ssh goes through to one without a public address. A node that is not public may have a public address all the same, for its way out."
  nullable    = false
}

variable "protect" {
  type        = bool
  description = "Whether Hetzner refuses to delete servers, volumes, public addresses and the network until this is false again."
  nullable    = false
}

variable "region" {
  type        = string
  description = "Hetzner's location, such as fsn1."
  nullable    = false
}

variable "ssh" {
  type = object({
    public_key        = optional(string)
    existing_key_pair = optional(string)
  })
  description = "Public key of the operator, or the name of an SSH key that exists in the project."
  nullable    = false
}

variable "volumes" {
  type = map(object({
    node     = string
    size_gib = number
  }))
  description = "Data volumes by stable key."
  nullable    = false
}
