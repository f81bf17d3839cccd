"""Generate Terraform and cloud-init for a Carbonio deployment from one topology file."""

__version__ = "0.1.0"
