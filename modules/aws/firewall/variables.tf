variable "groups" {
  type = map(object({
    description = string
  }))
  description = "Security groups by stable key, with a text for people."
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.groups) : can(regex("^[A-Za-z0-9 ._:/()#,@+=&;{}!$*-]{1,180}$", key))])
    error_message = "A group's key may hold the characters that AWS admits in a group's name only (180 at most)."
  }
}

variable "name" {
  type        = string
  description = "Name of the deployment; the name of every group starts with it."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,62}$", var.name)) && !startswith(var.name, "sg-")
    error_message = "name must consist of lower-case letters, digits and hyphens (63 at most) and not begin with sg-."
  }
}

variable "rules" {
  type = map(object({
    group       = string
    direction   = string
    protocol    = string
    from_port   = optional(number)
    to_port     = optional(number)
    peer_group  = optional(string)
    peer_cidr   = optional(string)
    description = string
  }))
  description = "Rules by stable key. Direction is in or out; the peer is one group or one IPv4 range. With protocol icmp the ports are type and code (-1 is any), with -1 (everything) they are null."
  nullable    = false

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["in", "out"], rule.direction)])
    error_message = "A rule's direction must be in or out."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["tcp", "udp", "icmp", "-1"], rule.protocol)])
    error_message = "A rule's protocol must be tcp, udp, icmp or -1."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : (rule.peer_group == null) != (rule.peer_cidr == null)])
    error_message = "A rule needs exactly one of peer_group and peer_cidr."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : rule.peer_cidr == null || can(cidrnetmask(rule.peer_cidr))])
    error_message = "A rule's peer_cidr must be an IPv4 range such as 198.51.100.0/24."
  }

  validation {
    condition = alltrue([
      for rule in values(var.rules) :
      (rule.protocol == "-1") == (rule.from_port == null) && (rule.from_port == null) == (rule.to_port == null)
    ])
    error_message = "A rule needs from_port and to_port, except with protocol -1, which has neither."
  }

  validation {
    condition = alltrue([
      for rule in values(var.rules) :
      rule.protocol == "tcp" || rule.protocol == "udp" ? try(1 <= rule.from_port && rule.from_port <= rule.to_port && rule.to_port <= 65535, true) : true
    ])
    error_message = "The ports of a tcp or udp rule must be a range between 1 and 65535."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : can(regex("^[A-Za-z0-9 ._:/()#,@\\[\\]+=&;{}!$*-]{0,255}$", rule.description))])
    error_message = "A rule's description may hold the characters that AWS admits only (255 at most)."
  }
}

variable "vpc_id" {
  type        = string
  description = "Id of the VPC that the groups belong to."
  nullable    = false
}
