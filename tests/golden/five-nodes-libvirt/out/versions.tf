# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

terraform {
  required_version = ">= 1.7.0"

  required_providers {
    libvirt = {
      source  = "dmacvicar/libvirt"
      version = "~> 0.9.7"
    }
  }
}
