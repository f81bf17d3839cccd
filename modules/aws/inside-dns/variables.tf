variable "domain" {
  type        = string
  description = "Domain of the zone, without a final dot."
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.domain))
    error_message = "domain must be a domain in lower case without a final dot, such as example.com."
  }
}

variable "name" {
  type        = string
  description = "Name of the deployment; it stands in the zone's comment."
  nullable    = false
}

variable "records" {
  type = map(object({
    name   = string
    type   = string
    ttl    = number
    values = list(string)
  }))
  description = "Record sets by stable key (\"name TYPE\"), with finished values. TXT values are plain text: quoting and splitting is done here."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for record in values(var.records) : contains(["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"], record.type)])
    error_message = "A record's type must be A, AAAA, CAA, CNAME, MX, NS, PTR, SRV or TXT."
  }

  validation {
    condition     = alltrue([for record in values(var.records) : record.ttl >= 0 && record.ttl <= 2147483647])
    error_message = "A record's ttl must be between 0 and 2147483647 seconds."
  }

  validation {
    condition     = alltrue([for record in values(var.records) : length(record.values) > 0])
    error_message = "A record set needs at least one value."
  }

  # Providers write other bytes each in their own way, and length() would count letters instead of bytes.
  validation {
    condition     = alltrue(flatten([for record in values(var.records) : [for text in record.values : can(regex("^[ -~]*$", text))]]))
    error_message = "A record's values must be printable ASCII."
  }
}

variable "vpc_id" {
  type        = string
  description = "Id of the VPC whose machines are answered from this zone."
  nullable    = false
}
