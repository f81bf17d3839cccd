# AWS asks the public DNS for the forward record before it accepts a name. The caller therefore
# lets this module depend on the module that makes those records.
resource "aws_eip_domain_name" "this" {
  for_each = var.names

  allocation_id = var.allocation_ids[each.key]
  domain_name   = each.value
}
