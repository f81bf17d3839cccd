resource "hcloud_rdns" "this" {
  for_each = var.names

  primary_ip_id = var.primary_ips[each.key].id
  ip_address    = var.primary_ips[each.key].address
  dns_ptr       = each.value
}
