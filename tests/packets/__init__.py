"""Real packets through the rendered host files, between network namespaces.

Every machine is a namespace, joined as the cloud joins them. The rules are loaded by the real programs, and what
passes is compared with the oracle, which knows nothing of the generator. All sockets belong to this process.
"""
