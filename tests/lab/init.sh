#!/usr/bin/env bash
# The first process of the lab's process namespace: when it ends, libvirtd, its guests and all else that
# was started here end with it. Everything that libvirt keeps is below one folder, so a libvirt of the
# system is neither seen nor disturbed.
#
#   init.sh STATE SOCKETS RPMS PYTHON
set -euo pipefail
state="$1" sockets="$2" rpms="$3" python="$4"

for folder in etc/libvirt var/lib/libvirt var/cache/libvirt var/log/libvirt; do
    mkdir -p -- "$state/$folder" "/$folder"
    mount --bind "$state/$folder" "/$folder"
done
# Sockets have short paths: a checkout may be deep in a tree.
mkdir -p -- "$sockets" /run/libvirt
mount --bind "$sockets" /run/libvirt

cat >/etc/libvirt/libvirtd.conf <<'TEXT'
unix_sock_rw_perms = "0700"
auth_unix_rw = "none"
log_filters = "3:qemu 3:libvirt"
TEXT
# No virtlogd and no cgroups: there is no init system that would own them.
cat >/etc/libvirt/qemu.conf <<'TEXT'
user = "root"
group = "root"
dynamic_ownership = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
TEXT

ip netns exec cg-lab-internet "$python" -m tests.lab.internet "$state" "$rpms" &
libvirtd &
# Whatever comes first: one of the two has failed then.
wait -n || true
printf 'init.sh: a service of the lab has ended\n' >&2
