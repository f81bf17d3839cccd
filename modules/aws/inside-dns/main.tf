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
}

# Asked from inside the VPC, this zone hides the public zone of the same name as a whole: so it
# carries all of that zone's records too, not only those that differ.
resource "aws_route53_zone" "this" {
  name    = var.domain
  comment = "Inside view of ${var.domain} for ${var.name}"

  vpc {
    vpc_id = var.vpc_id
  }
}

resource "aws_route53_record" "this" {
  for_each = var.records

  zone_id = aws_route53_zone.this.zone_id
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
