# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

# No secret: who may manage the hypervisor is decided by its socket, or by SSH.
provider "libvirt" {
  uri = var.uri
}
