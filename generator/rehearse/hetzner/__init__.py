"""The Hetzner Cloud API, simulated: what a rehearsal applies to and what tests check against.

It follows the published contract of the API and knows nothing of the generator. `simulator` starts
and ends the server, `app` speaks HTTP, `store` keeps the state, and one module per family of
resources holds that family's rules. Load balancers, floating IPs, certificates, storage boxes,
prices, metrics and ISO images are not simulated.
"""
