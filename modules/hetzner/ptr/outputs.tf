output "ptr_records" {
  description = "Reverse names as Hetzner publishes them, by symbol."
  value       = { for symbol, ptr in hcloud_rdns.this : symbol => ptr.dns_ptr }
}
