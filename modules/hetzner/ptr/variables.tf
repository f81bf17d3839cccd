variable "names" {
  type        = map(string)
  description = "Reverse names by symbol of the address (public:<node>)."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in values(var.names) : can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "A reverse name must be a host name in lower case without a final dot, such as mta1.example.com."
  }
}

variable "primary_ips" {
  type = map(object({
    id      = number
    address = string
  }))
  description = "Primary IPs by symbol (public:<node>): id and address."
  nullable    = false
}
