"""What the world sees of a deployment's DNS, asked of real resolvers and held against the plan.

Needs dnspython and checkdmarc, which are slow to import: only the command `verify` imports this package's modules.
"""
