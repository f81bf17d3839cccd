variable "records" {
  type = map(object({
    name = string
    type = string
    ttl  = number
    values = list(object({
      text      = string
      addresses = list(string)
    }))
  }))
  description = "Record sets by stable key (\"name TYPE\"). A value's text is a format() string with one %s for each symbol in addresses; a literal % is doubled."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, record in var.records : key == "${record.name} ${record.type}"])
    error_message = "A record's key must be its name and its type, such as \"mail.example.com A\"."
  }
}

variable "symbols" {
  type        = map(string)
  description = "Addresses by symbol, such as public:mta1. They may be unknown until apply."
  default     = {}
  nullable    = false
}
