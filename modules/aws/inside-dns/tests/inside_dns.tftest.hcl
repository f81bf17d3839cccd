mock_provider "aws" {}

variables {
  domain = "example.com"
  name   = "example-com"
  vpc_id = "vpc-00000000000000001"
  records = {
    "mta1.example.com A"     = { name = "mta1.example.com", type = "A", ttl = 300, values = ["10.20.128.10", "10.20.128.11"] }
    "example.com MX"         = { name = "example.com", type = "MX", ttl = 60, values = ["10 mta1.example.com."] }
    "short.example.com TXT"  = { name = "short.example.com", type = "TXT", ttl = 300, values = ["v=spf1 -all", "a \"quoted\\word\""] }
    "exact.example.com TXT"  = { name = "exact.example.com", type = "TXT", ttl = 300, values = ["123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345"] }
    "longer.example.com TXT" = { name = "longer.example.com", type = "TXT", ttl = 300, values = ["123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345"] }
  }
}

run "record_sets_are_as_given" {
  command = plan

  assert {
    condition     = toset(keys(aws_route53_record.this)) == toset(["mta1.example.com A", "example.com MX", "short.example.com TXT", "exact.example.com TXT", "longer.example.com TXT"])
    error_message = "There is one record set for each key."
  }

  assert {
    condition     = aws_route53_record.this["mta1.example.com A"].records == toset(["10.20.128.10", "10.20.128.11"]) && aws_route53_record.this["example.com MX"].ttl == 60 && aws_route53_record.this["example.com MX"].type == "MX"
    error_message = "Name, type, TTL and values are passed on."
  }

  assert {
    condition     = aws_route53_record.this["short.example.com TXT"].records == toset(["v=spf1 -all", "a \\\"quoted\\\\word\\\""])
    error_message = "Quotes and backslashes of a text are escaped."
  }

  assert {
    condition     = aws_route53_record.this["exact.example.com TXT"].records == toset(["123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345123451234512345"])
    error_message = "A text of 255 characters is one string."
  }

  assert {
    condition     = aws_route53_record.this["longer.example.com TXT"].records == toset(["${join("", [for n in range(51) : "12345"])}\"\"${join("", [for n in range(9) : "12345"])}"])
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

  expect_failures = [aws_route53_record.this]
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

run "the_zone_is_private" {
  assert {
    condition     = aws_route53_zone.this.name == "example.com" && one(aws_route53_zone.this.vpc).vpc_id == "vpc-00000000000000001"
    error_message = "The zone has the domain's name and answers in the VPC alone."
  }

  assert {
    condition     = alltrue([for record in values(aws_route53_record.this) : record.zone_id == aws_route53_zone.this.zone_id]) && output.zone_id == aws_route53_zone.this.zone_id
    error_message = "All record sets are in the private zone."
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
    condition     = aws_route53_record.this["seam.example.com TXT"].records == toset(["${join("", [for n in range(254) : "a"])}\\\"", "${join("", [for n in range(255) : "b"])}\"\"\\\\"])
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
