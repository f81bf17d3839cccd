output "ptr_records" {
  description = "PTR records as AWS publishes them, by symbol."
  value       = { for symbol, ptr in aws_eip_domain_name.this : symbol => ptr.ptr_record }
}
