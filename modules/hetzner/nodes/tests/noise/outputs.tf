output "text" {
  description = "51,200 characters that gzip hardly halves."
  value       = join("", [for n in range(400) : sha512(tostring(n))])
}
