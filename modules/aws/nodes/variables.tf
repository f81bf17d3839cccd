variable "group_ids" {
  type        = map(string)
  description = "Ids of the security groups by key."
  nullable    = false
}

variable "images" {
  type = map(object({
    id                 = optional(string)
    owner              = optional(string)
    name               = optional(string)
    include_deprecated = optional(bool, false)
  }))
  description = "Images by key: a pinned id, or the owner's account and a name pattern to look up the newest x86-64 image."
  nullable    = false

  validation {
    condition     = alltrue([for image in values(var.images) : image.id != null || (image.owner != null && image.name != null)])
    error_message = "An image needs an id, or both owner and name."
  }

  validation {
    condition     = alltrue([for image in values(var.images) : image.id == null || can(regex("^ami-[0-9a-f]{8,17}$", image.id))])
    error_message = "An image's id must look like ami-0123456789abcdef0."
  }

  validation {
    condition     = alltrue([for image in values(var.images) : image.owner == null || can(regex("^[0-9]{12}$", image.owner))])
    error_message = "An image's owner must be an account number of 12 digits: anybody may publish an image under a well-known name."
  }
}

variable "name" {
  type        = string
  description = "Name of the deployment; the key pair's name, and the start of the Name tags of volumes."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,62}$", var.name))
    error_message = "name must consist of lower-case letters, digits and hyphens (63 at most)."
  }
}

variable "nodes" {
  type = map(object({
    fqdn            = string
    type            = string
    image           = string
    subnet          = string
    private_address = string
    public          = bool
    forwards        = optional(bool, false)
    groups          = list(string)
    os_disk_gib     = number
  }))
  description = "Nodes by name: FQDN, instance type, key of the image, key of the subnet, private address, whether it has an Elastic IP, whether it forwards packets of others, keys of its security groups, and the size of its OS disk in GiB."
  nullable    = false

  validation {
    condition     = alltrue([for node in values(var.nodes) : can(cidrnetmask("${node.private_address}/32"))])
    error_message = "A node's private_address must be an IPv4 address."
  }

  validation {
    condition     = alltrue([for node in values(var.nodes) : length(node.groups) > 0])
    error_message = "A node needs at least one security group: without one AWS puts it into the VPC's default group."
  }

  validation {
    condition     = length(distinct(values(var.nodes)[*].private_address)) == length(var.nodes)
    error_message = "Two nodes may not have one private_address."
  }

  validation {
    condition     = alltrue([for node in values(var.nodes) : node.os_disk_gib >= 10 && node.os_disk_gib <= 16384 && floor(node.os_disk_gib) == node.os_disk_gib])
    error_message = "A node's os_disk_gib must be a whole number between 10 and 16384."
  }
}

variable "protect" {
  type        = bool
  description = "Whether AWS refuses to terminate the instances until this is false again."
  default     = false
  nullable    = false
}

variable "ssh" {
  type = object({
    public_key        = optional(string)
    existing_key_pair = optional(string)
  })
  description = "The operator's first way in: a public key to make a key pair of, or the name of one that exists in the region."
  nullable    = false

  validation {
    condition     = var.ssh.public_key != null || var.ssh.existing_key_pair != null
    error_message = "ssh needs public_key or existing_key_pair: without a key nobody can log in."
  }
}

variable "subnets" {
  type = map(object({
    id   = string
    zone = string
  }))
  description = "Subnets by key: id and availability zone."
  nullable    = false
}

variable "user_data" {
  type        = map(string)
  description = "User-data by node, readable. @@volume:<key>@@ stands for the id of a volume of this node, without its hyphen. It is sent gzipped."
  nullable    = false
}

variable "volumes" {
  type = map(object({
    node           = string
    size_gib       = number
    device         = string
    final_snapshot = bool
  }))
  description = "Data volumes by stable key: the node that they are attached to, size in GiB, device name, and whether destroying one leaves a snapshot."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for volume in values(var.volumes) : can(regex("^/dev/sd[f-p]$", volume.device))])
    error_message = "A volume's device must be /dev/sdf to /dev/sdp, the names that AWS recommends for data volumes."
  }

  validation {
    condition     = alltrue([for volume in values(var.volumes) : volume.size_gib >= 1 && volume.size_gib <= 16384 && floor(volume.size_gib) == volume.size_gib])
    error_message = "A volume's size_gib must be a whole number between 1 and 16384, the limit of gp3."
  }
}
