locals {
  # Names in a zone are relative to it at Hetzner, with @ for the zone itself.
  names = {
    for key, record in var.records : key => record.name == var.domain ? "@" : trimsuffix(record.name, ".${var.domain}")
  }

  # A character-string of a TXT record holds 255 bytes at most (RFC 1035, section 3.3). Hetzner takes
  # several of them side by side, each in quotes.
  encoded = {
    for key, record in var.records : key => record.type != "TXT" ? record.values : [
      for text in record.values : text == "" ? "\"\"" : join(" ", [
        for chunk in regexall("(?s).{1,255}", text) : "\"${replace(replace(chunk, "\\", "\\\\"), "\"", "\\\"")}\""
      ])
    ]
  }

  created  = var.existing_zone ? {} : { (var.domain) = true }
  existing = var.existing_zone ? { (var.domain) = true } : {}

  zone = var.existing_zone ? data.hcloud_zone.existing[var.domain] : hcloud_zone.created[var.domain]
}

data "hcloud_zone" "existing" {
  for_each = local.existing

  name = each.key
}

resource "hcloud_zone" "created" {
  for_each = local.created

  name   = each.key
  mode   = "primary"
  labels = { deployment = var.name, managed-by = "terraform" }
}

resource "hcloud_zone_rrset" "this" {
  for_each = var.records

  zone = local.zone.name
  name = local.names[each.key]
  type = each.value.type
  ttl  = each.value.ttl

  records = [for value in local.encoded[each.key] : { value = value }]

  lifecycle {
    # Hetzner would silently append the zone to a name outside it.
    precondition {
      condition     = each.value.name == var.domain || endswith(each.value.name, ".${var.domain}")
      error_message = "The record ${each.key} is not in the zone ${var.domain}."
    }
  }
}
