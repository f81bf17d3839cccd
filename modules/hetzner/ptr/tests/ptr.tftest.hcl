mock_provider "hcloud" {}

variables {
  primary_ips = {
    "public:mta1"   = { id = 4711, address = "203.0.113.10" }
    "public:video1" = { id = 4712, address = "203.0.113.11" }
  }
  names = { "public:mta1" = "mta1.example.com" }
}

run "only_named_addresses_get_a_reverse_name" {
  command = plan

  assert {
    condition     = keys(hcloud_rdns.this) == ["public:mta1"] && hcloud_rdns.this["public:mta1"].primary_ip_id == 4711 && hcloud_rdns.this["public:mta1"].ip_address == "203.0.113.10" && hcloud_rdns.this["public:mta1"].dns_ptr == "mta1.example.com"
    error_message = "The address with the symbol gets the name, and no other does."
  }

  assert {
    condition     = output.ptr_records == { "public:mta1" = "mta1.example.com" }
    error_message = "The name is reported by symbol."
  }
}

run "none_is_fine" {
  command = plan

  variables {
    names = {}
  }

  assert {
    condition     = length(hcloud_rdns.this) == 0
    error_message = "Without names nothing is made."
  }
}

run "a_final_dot_is_refused" {
  command = plan

  variables {
    names = { "public:mta1" = "mta1.example.com." }
  }

  expect_failures = [var.names]
}
