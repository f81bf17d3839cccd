output "records" {
  description = "The record sets by the same keys, with finished values; the order of values is the given one."
  value = {
    for key, record in var.records : key => {
      name = record.name
      type = record.type
      ttl  = record.ttl
      values = [
        for value in record.values : format(value.text, [for symbol in value.addresses : var.symbols[symbol]]...)
      ]
    }
  }

  precondition {
    condition     = length(local.unknown) == 0
    error_message = "Records use addresses that nothing provides: ${join(", ", local.unknown)}."
  }
}
