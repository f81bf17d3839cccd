locals {
  # A character-string of a TXT record holds 255 bytes at most (RFC 1035, section 3.3). Route 53
  # takes several of them side by side; the provider adds the outermost quotes only.
  encoded = {
    for key, record in var.records : key => record.type != "TXT" ? record.values : [
      for text in record.values : join("\"\"", [
        for chunk in regexall("(?s).{1,255}", text) : replace(replace(chunk, "\\", "\\\\"), "\"", "\\\"")
      ])
    ]
  }

  created  = var.existing_zone ? {} : { (var.domain) = true }
  existing = var.existing_zone ? { (var.domain) = true } : {}

  zone = var.existing_zone ? data.aws_route53_zone.existing[var.domain] : aws_route53_zone.created[var.domain]
}

data "aws_route53_zone" "existing" {
  for_each = local.existing

  name         = each.key
  private_zone = false
}

resource "aws_route53_zone" "created" {
  for_each = local.created

  name    = each.key
  comment = "Public zone of ${var.name}"
}

resource "aws_route53_record" "this" {
  for_each = var.records

  zone_id = local.zone.zone_id
  name    = each.value.name
  type    = each.value.type
  ttl     = each.value.ttl
  records = local.encoded[each.key]

  lifecycle {
    # The provider would silently append the zone to a name outside it.
    precondition {
      condition     = each.value.name == var.domain || endswith(each.value.name, ".${var.domain}")
      error_message = "The record ${each.key} is not in the zone ${var.domain}."
    }
  }
}
