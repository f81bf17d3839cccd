locals {
  used = toset(flatten([
    for record in values(var.records) : [for value in record.values : value.addresses]
  ]))

  unknown = setsubtract(local.used, keys(var.symbols))
}
