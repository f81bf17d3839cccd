"""Machines that boot what is generated: libvirt and QEMU inside one network namespace, without KVM."""
