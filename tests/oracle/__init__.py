"""A second opinion on what a deployment may open, reached without any code of the generator.

`expected` computes it from the documented port tables and rules written by hand here. The other side is read: what the
cloud does (`tfvars`, `aws_plan`, `hetzner_plan`) and what each machine does itself (`nft`, `firewalld`). `world` puts
both together; `ways` follows packets from end to end over every layer, `layers` asks each layer on its own.
"""
