variables {
  symbols = { "public:mta1" = "203.0.113.10", "public:mta2" = "203.0.113.11" }
  records = {
    "mail.example.com A" = {
      name = "mail.example.com"
      type = "A"
      ttl  = 300
      values = [
        { text = "%s", addresses = ["public:mta2"] },
        { text = "%s", addresses = ["public:mta1"] },
      ]
    }
    "example.com TXT" = {
      name   = "example.com"
      type   = "TXT"
      ttl    = 60
      values = [{ text = "v=spf1 ip4:%s ip4:%s exists:%%%{i}.example.net -all", addresses = ["public:mta1", "public:mta2"] }]
    }
    "example.com MX" = {
      name   = "example.com"
      type   = "MX"
      ttl    = 300
      values = [{ text = "10 mail.example.com.", addresses = [] }]
    }
  }
}

run "symbols_become_addresses" {
  command = plan

  assert {
    condition     = output.records["mail.example.com A"] == { name = "mail.example.com", type = "A", ttl = 300, values = ["203.0.113.11", "203.0.113.10"] }
    error_message = "Addresses are put in, in the given order."
  }

  assert {
    condition     = output.records["example.com TXT"].ttl == 60 && output.records["example.com TXT"].values == ["v=spf1 ip4:203.0.113.10 ip4:203.0.113.11 exists:%%{i}.example.net -all"]
    error_message = "Several symbols of one value are put in by position, and a doubled % becomes one; the TTL stays."
  }

  assert {
    condition     = output.records["example.com MX"].values == ["10 mail.example.com."]
    error_message = "A value without symbols is passed on."
  }
}

run "an_address_that_nothing_provides_is_refused" {
  command = plan

  variables {
    symbols = { "public:mta1" = "203.0.113.10" }
  }

  expect_failures = [output.records]
}

run "a_key_that_lies_is_refused" {
  command = plan

  variables {
    records = {
      "mail.example.com A" = { name = "mail.example.com", type = "AAAA", ttl = 300, values = [] }
    }
  }

  expect_failures = [var.records]
}
