# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

# The project's API token is in the environment: HCLOUD_TOKEN.
provider "hcloud" {}
