variable "groups" {
  type        = set(string)
  description = "Keys of the groups; each becomes a firewall."
  nullable    = false
}

variable "name" {
  type        = string
  description = "Name of the deployment; the name of every firewall starts with it, and its label \"deployment\" is it."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name must consist of lower-case letters, digits and hyphens (63 at most), without a hyphen at an end."
  }
}

variable "rules" {
  type = map(object({
    group       = string
    direction   = string
    protocol    = string
    ports       = optional(string)
    ranges      = list(string)
    description = string
  }))
  description = "Rules by stable key. Direction is in or out; ranges are IPv4 ranges of the other side; ports are one port or a range (25, 20000-40000), null with protocol icmp."
  nullable    = false

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["in", "out"], rule.direction)])
    error_message = "A rule's direction must be in or out."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : contains(["tcp", "udp", "icmp"], rule.protocol)])
    error_message = "A rule's protocol must be tcp, udp or icmp."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : (rule.protocol == "icmp") == (rule.ports == null)])
    error_message = "A rule needs ports, except with protocol icmp, which has none."
  }

  validation {
    condition = alltrue([
      for rule in values(var.rules) : rule.ports == null ? true : try(
        can(regex("^[1-9][0-9]*(-[1-9][0-9]*)?$", rule.ports)) &&
        tonumber(split("-", rule.ports)[0]) <= tonumber(reverse(split("-", rule.ports))[0]) &&
        tonumber(reverse(split("-", rule.ports))[0]) <= 65535,
      false)
    ])
    error_message = "A rule's ports must be a port or a range between 1 and 65535, such as 25 or 20000-40000."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : length(rule.ranges) >= 1 && length(rule.ranges) <= 100])
    error_message = "A rule needs 1 to 100 ranges."
  }

  validation {
    condition = alltrue(flatten([
      for rule in values(var.rules) : [
        for range in rule.ranges : try(can(cidrnetmask(range)) && cidrhost(range, 0) == split("/", range)[0], false)
      ]
    ]))
    error_message = "A rule's ranges must be IPv4 ranges that start at their first address, such as 198.51.100.0/24."
  }

  validation {
    condition     = alltrue([for rule in values(var.rules) : length(rule.description) <= 255])
    error_message = "A rule's description may have 255 characters at most."
  }
}
