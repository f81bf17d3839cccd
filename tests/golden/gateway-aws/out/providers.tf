# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      deployment = var.name
      managed-by = "terraform"
    }
  }
}
