mock_provider "hcloud" {
  mock_data "hcloud_zone" {
    defaults = {
      authoritative_nameservers = { assigned = ["ns-1.example.net."] }
    }
  }

  mock_resource "hcloud_zone" {
    defaults = {
      id                        = 9002
      authoritative_nameservers = { assigned = ["ns-2.example.net."] }
    }
  }
}

variables {
  domain = "example.com"
  name   = "example-com"
  records = {
    "mta1.example.com A"     = { name = "mta1.example.com", type = "A", ttl = 300, values = ["10.20.128.10", "10.20.128.11"] }
    "a.b.example.com A"      = { name = "a.b.example.com", type = "A", ttl = 300, values = ["10.20.128.12"] }
    "example.com MX"         = { name = "example.com", type = "MX", ttl = 60, values = ["10 mta1.example.com."] }
    "example.com TXT"        = { name = "example.com", type = "TXT", ttl = 300, values = ["v=spf1 -all", "a \"quoted\\word\"", ""] }
    "exact.example.com TXT"  = { name = "exact.example.com", type = "TXT", ttl = 300, values = ["123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345"] }
    "longer.example.com TXT" = { name = "longer.example.com", type = "TXT", ttl = 300, values = ["123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345"] }
  }
}

run "record_sets_are_as_given" {
  command = plan

  assert {
    condition     = toset(keys(hcloud_zone_rrset.this)) == toset(["mta1.example.com A", "a.b.example.com A", "example.com MX", "example.com TXT", "exact.example.com TXT", "longer.example.com TXT"])
    error_message = "There is one record set for each key."
  }

  assert {
    condition = { for key, record in hcloud_zone_rrset.this : key => "${record.name} ${record.type} ${record.ttl}" } == {
      "mta1.example.com A"     = "mta1 A 300"
      "a.b.example.com A"      = "a.b A 300"
      "example.com MX"         = "@ MX 60"
      "example.com TXT"        = "@ TXT 300"
      "exact.example.com TXT"  = "exact TXT 300"
      "longer.example.com TXT" = "longer TXT 300"
    }
    error_message = "Names are relative to the zone; type and TTL are passed on."
  }

  assert {
    condition     = toset(hcloud_zone_rrset.this["mta1.example.com A"].records[*].value) == toset(["10.20.128.10", "10.20.128.11"]) && toset(hcloud_zone_rrset.this["example.com MX"].records[*].value) == toset(["10 mta1.example.com."])
    error_message = "Values are passed on."
  }

  assert {
    condition     = toset(hcloud_zone_rrset.this["example.com TXT"].records[*].value) == toset(["\"v=spf1 -all\"", "\"a \\\"quoted\\\\word\\\"\"", "\"\""])
    error_message = "All texts of a name are in one set, each in quotes; quotes and backslashes in them are escaped."
  }

  assert {
    condition     = toset(hcloud_zone_rrset.this["exact.example.com TXT"].records[*].value) == toset(["\"${join("", [for n in range(51) : "12345"])}\""])
    error_message = "A text of 255 characters is one string."
  }

  assert {
    condition     = toset(hcloud_zone_rrset.this["longer.example.com TXT"].records[*].value) == toset(["\"${join("", [for n in range(51) : "12345"])}\" \"${join("", [for n in range(9) : "12345"])}\""])
    error_message = "A longer text is split after 255 characters."
  }
}

run "a_name_outside_the_zone_is_refused" {
  command = plan

  variables {
    records = {
      "www.example.org A" = { name = "www.example.org", type = "A", ttl = 300, values = ["203.0.113.80"] }
    }
  }

  expect_failures = [hcloud_zone_rrset.this]
}

run "a_name_that_only_ends_like_the_zone_is_refused" {
  command = plan

  variables {
    records = {
      "www.anexample.com A" = { name = "www.anexample.com", type = "A", ttl = 300, values = ["203.0.113.80"] }
    }
  }

  expect_failures = [hcloud_zone_rrset.this]
}

run "an_unknown_type_is_refused" {
  command = plan

  variables {
    records = {
      "www.example.com AA" = { name = "www.example.com", type = "AA", ttl = 300, values = ["203.0.113.80"] }
    }
  }

  expect_failures = [var.records]
}

run "a_ttl_below_a_minute_is_refused" {
  command = plan

  variables {
    records = {
      "www.example.com A" = { name = "www.example.com", type = "A", ttl = 59, values = ["203.0.113.80"] }
    }
  }

  expect_failures = [var.records]
}

run "a_zone_is_created" {
  assert {
    condition     = hcloud_zone.created["example.com"].name == "example.com" && hcloud_zone.created["example.com"].mode == "primary" && hcloud_zone.created["example.com"].labels == tomap({ deployment = "example-com", managed-by = "terraform" })
    error_message = "The created zone is a primary one, and says which deployment it belongs to."
  }

  assert {
    condition     = alltrue([for record in values(hcloud_zone_rrset.this) : record.zone == "example.com"]) && output.zone_id == "9002" && output.name_servers == tolist(["ns-2.example.net."])
    error_message = "Records and outputs are those of the created zone."
  }
}

run "an_existing_zone_is_looked_up" {
  command = plan

  variables {
    existing_zone = true
  }

  assert {
    condition     = length(hcloud_zone.created) == 0 && data.hcloud_zone.existing["example.com"].name == "example.com"
    error_message = "No zone is created, and the one of the domain is looked up."
  }

  assert {
    condition     = alltrue([for record in values(hcloud_zone_rrset.this) : record.zone == "example.com"]) && output.name_servers == tolist(["ns-1.example.net."])
    error_message = "Records and outputs are those of the existing zone."
  }
}

run "signs_are_counted_before_they_are_escaped" {
  command = plan

  variables {
    records = {
      "seam.example.com TXT" = {
        name = "seam.example.com"
        type = "TXT"
        ttl  = 300
        values = [
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
          "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\\",
        ]
      }
    }
  }

  assert {
    condition     = toset(hcloud_zone_rrset.this["seam.example.com TXT"].records[*].value) == toset(["\"${join("", [for n in range(254) : "a"])}\\\"\"", "\"${join("", [for n in range(255) : "b"])}\" \"\\\\\""])
    error_message = "A quote as byte 255 stays in its string, a backslash as byte 256 begins the next."
  }
}

run "other_than_printable_ascii_is_refused" {
  command = plan

  variables {
    records = {
      "text.example.com TXT" = { name = "text.example.com", type = "TXT", ttl = 300, values = ["grüße"] }
    }
  }

  expect_failures = [var.records]
}
