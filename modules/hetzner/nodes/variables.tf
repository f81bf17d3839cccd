variable "group_ids" {
  type        = map(string)
  description = "Ids of the firewalls by key of their group."
  nullable    = false
}

variable "images" {
  type = map(object({
    id       = optional(string)
    name     = optional(string)
    selector = optional(string)
  }))
  description = "Images by key: a pinned id, or a label selector to look up the newest snapshot of your own, or the name of one of Hetzner's images. Looked up are x86 images only."
  nullable    = false

  validation {
    condition     = alltrue([for image in values(var.images) : image.id != null || image.selector != null || image.name != null])
    error_message = "An image needs an id, a selector or a name."
  }

  validation {
    condition     = alltrue([for image in values(var.images) : image.id == null || can(regex("^[1-9][0-9]*$", image.id))])
    error_message = "An image's id must be a number, such as 4711."
  }
}

variable "location" {
  type        = string
  description = "Location of servers, addresses and volumes, such as fsn1."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{3}[0-9]?$", var.location))
    error_message = "location must be a location such as fsn1, not a data centre."
  }
}

variable "name" {
  type        = string
  description = "Name of the deployment: the start of the names of keys, volumes and placement groups, and the label \"deployment\" of everything."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name must consist of lower-case letters, digits and hyphens (63 at most), without a hyphen at an end."
  }
}

variable "nodes" {
  type = map(object({
    fqdn            = string
    type            = string
    image           = string
    subnet          = string
    private_address = string
    public_address  = bool
    groups          = list(string)
    placement_group = optional(string)
  }))
  description = "Nodes by name: FQDN, server type, key of the image, key of the subnet, private address, whether it has a public address, keys of its firewall groups, and its placement group, if any: servers of one stand on different hardware."
  nullable    = false

  validation {
    condition     = alltrue([for node in values(var.nodes) : can(cidrnetmask("${node.private_address}/32"))])
    error_message = "A node's private_address must be an IPv4 address."
  }

  validation {
    condition = alltrue([
      for node in values(var.nodes) : length(node.groups) <= 5 && (length(node.groups) > 0 || !node.public_address)
    ])
    error_message = "A node with a public address needs 1 to 5 groups: without a firewall all of it is open, and Hetzner takes 5."
  }

  validation {
    condition     = length(distinct(values(var.nodes)[*].private_address)) == length(var.nodes)
    error_message = "Two nodes may not have one private_address."
  }

  validation {
    condition = alltrue([
      for members in values({ for name, node in var.nodes : node.placement_group => name... if node.placement_group != null }) :
      length(members) <= 10
    ])
    error_message = "A placement_group may have 10 nodes at most."
  }
}

variable "protect" {
  type        = bool
  description = "Whether Hetzner refuses to delete or rebuild servers, and to delete volumes and public addresses, until this is false again."
  default     = false
  nullable    = false
}

variable "ssh" {
  type = object({
    public_key        = optional(string)
    existing_key_pair = optional(string)
  })
  description = "The operator's first way in: a public key to make an SSH key of, or the name of one that exists in the project."
  nullable    = false

  validation {
    condition     = var.ssh.public_key != null || var.ssh.existing_key_pair != null
    error_message = "ssh needs public_key or existing_key_pair: without a key nobody can log in."
  }
}

variable "subnets" {
  type = map(object({
    id = string
  }))
  description = "Subnets by key, with their id."
  nullable    = false
}

variable "user_data" {
  type        = map(string)
  description = "User-data by node, readable. @@volume:<key>@@ stands for the id of a volume of this node. It is sent gzipped."
  nullable    = false
}

variable "volumes" {
  type = map(object({
    node     = string
    size_gib = number
  }))
  description = "Data volumes by stable key: the node that they are attached to, and the size in GiB."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for volume in values(var.volumes) : volume.size_gib >= 10 && volume.size_gib <= 10240 && floor(volume.size_gib) == volume.size_gib])
    error_message = "A volume's size_gib must be a whole number between 10 and 10240, Hetzner's limits."
  }
}
