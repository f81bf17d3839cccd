# Written by generate. Edit the topology instead, or add a .tf file of your own beside this one.

terraform {
  required_version = ">= 1.7.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
