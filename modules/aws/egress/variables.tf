variable "gateway" {
  type        = string
  description = "Name of the node that private subnets leave through; null when they leave by NAT or not at all."
  default     = null
}

variable "interfaces" {
  type        = map(string)
  description = "Ids of the primary network interfaces by node."
  nullable    = false
}

variable "route_tables" {
  type        = map(string)
  description = "Ids of the route tables of private subnets by stable key. None of them has a default route yet."
  nullable    = false
}
