mock_provider "aws" {
  mock_resource "aws_eip_domain_name" {
    defaults = {
      ptr_record = "mta1.example.com."
    }
  }
}

variables {
  allocation_ids = { "public:mta1" = "eipalloc-00000000000000001", "public:video1" = "eipalloc-00000000000000002" }
  names          = { "public:mta1" = "mta1.example.com" }
}

run "only_named_addresses_get_a_reverse_name" {
  command = plan

  assert {
    condition     = keys(aws_eip_domain_name.this) == ["public:mta1"] && aws_eip_domain_name.this["public:mta1"].allocation_id == "eipalloc-00000000000000001" && aws_eip_domain_name.this["public:mta1"].domain_name == "mta1.example.com"
    error_message = "The address with the symbol gets the name, and no other does."
  }
}

run "the_record_is_reported" {
  assert {
    condition     = output.ptr_records == { "public:mta1" = "mta1.example.com." }
    error_message = "The published record is reported by symbol."
  }
}

run "none_is_fine" {
  command = plan

  variables {
    names = {}
  }

  assert {
    condition     = length(aws_eip_domain_name.this) == 0
    error_message = "Without names nothing is made: the first apply of a new zone."
  }
}

run "a_final_dot_is_refused" {
  command = plan

  variables {
    names = { "public:mta1" = "mta1.example.com." }
  }

  expect_failures = [var.names]
}
