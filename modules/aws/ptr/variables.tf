variable "allocation_ids" {
  type        = map(string)
  description = "Allocation ids of the Elastic IPs by symbol (public:<node>)."
  nullable    = false
}

variable "names" {
  type        = map(string)
  description = "Reverse names by symbol of the address (public:<node>). Empty as long as the forward records are not public."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in values(var.names) : can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "A reverse name must be a host name in lower case without a final dot, such as mta1.example.com."
  }
}
