#!/usr/bin/env bash
# Builds the two disks that the lab's guests start from: Debian 12 with cloud-init and every package that
# carbonio-node-configure would otherwise install, since guests have no Internet.
#
#   tests/lab/image.sh FOLDER     makes FOLDER/ubuntu.qcow2, FOLDER/rhel.qcow2, FOLDER/rpms
#
# `ubuntu` has netplan, systemd-networkd, apt and nftables. `rhel` has what Debian packages of the other family:
# dnf, rpm, firewalld, NetworkManager and chrony under the names of Red Hat; its packages come as empty RPMs from
# FOLDER/rpms, which tests/lab/internet.py serves, and what cannot be had is recorded (stand-ins.sh).
#
# Needs root and: mmdebstrap qemu-utils fdisk extlinux e2fsprogs rpm createrepo-c. Its mounts are in a mount
# namespace of its own, so nothing is left mounted whatever ends it.
set -euo pipefail

folder="${1:?Usage: image.sh FOLDER}"
here="$(dirname -- "$(readlink -f -- "$0")")"
if [[ "${2:-}" != inside ]]; then
    exec unshare --mount --propagation private -- "$0" "$folder" inside
fi

packages=(
    # The machine.
    linux-image-amd64 systemd-sysv udev dbus busybox zstd openssh-server sudo
    cloud-init cloud-guest-utils fdisk gdisk netplan.io systemd-resolved
    # Of nodes.
    ca-certificates chrony curl fontconfig gnupg jq libgmp10 locales perl python3 python3-psycopg2
    bind9-dnsutils sysstat wget nftables dnsmasq wireguard-tools xfsprogs
)
red_hat=(dnf rpm dnf-plugins-core firewalld network-manager dos2unix ncat)
mirror="${LAB_DEBIAN_MIRROR:-http://deb.debian.org/debian}"

mkdir -p -- "$(dirname -- "$folder")"
work="$(mktemp -d "$folder.XXXXXX")"
trap 'umount "$work/root" 2>/dev/null || true; rm -rf -- "$work"' EXIT
mkdir "$work/root" "$work/out"

# 5 GiB, sparse; cloud-init grows the partition to the disk that a guest gets.
truncate -s 5G "$work/disk"
printf 'label: dos\nlabel-id: 0x6c616231\nstart=2048, type=83, bootable\n' | sfdisk --quiet "$work/disk"
dd if=/usr/lib/EXTLINUX/mbr.bin of="$work/disk" conv=notrunc status=none
# extlinux reads neither of the two features that are left out.
mkfs.ext4 -q -L root -O ^64bit,^metadata_csum -E "offset=$((2048 * 512)),lazy_itable_init=1" \
    "$work/disk" $(((5 * 1024 * 1024) - 1024))k
attach() { mount -o "loop,offset=$((2048 * 512))" "$work/disk" "$work/root"; }
finish() {
    fstrim "$work/root" || true
    umount "$work/root"
    qemu-img convert -O qcow2 "$work/disk" "$work/out/$1.qcow2"
}

# No service starts during the build, and pages that nobody reads are left out: each is time.
export SOURCE_DATE_EPOCH=0 DEBIAN_FRONTEND=noninteractive
attach
# shellcheck disable=SC2016 # in the hook, $1 is the new system's folder
mmdebstrap --quiet --mode=root --variant=apt --format=directory --skip=check/empty \
    --include="$(IFS=,; printf '%s' "${packages[*]}")" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/gpu/*' \
    --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/media/*' \
    --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/infiniband/*' \
    --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/net/ethernet/*' \
    --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/net/wireless/*' \
    --dpkgopt='path-exclude=/lib/modules/*/kernel/sound/*' \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"
        printf "MODULES=list\nCOMPRESS=zstd\n" >"$1/etc/initramfs-tools/conf.d/lab"
        printf "%s\n" virtio_pci virtio_blk virtio_scsi sd_mod ahci ext4 >"$1/etc/initramfs-tools/modules"' \
    bookworm "$work/root" "$mirror" >&2

cd "$work/root"
printf 'LABEL=root / ext4 defaults 0 1\n' >etc/fstab
# As cloud images have it: lines that a node has to get rid of.
printf '127.0.0.1 localhost\n127.0.1.1 debian\n::1 localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n' >etc/hosts
printf 'debian\n' >etc/hostname
# Debian makes only the locales that are listed, and all of them anew each time, which takes an emulated processor a
# minute. Ubuntu makes those that are asked for, unless they are there, as one is here.
chroot . localedef -i en_US -f UTF-8 en_US.UTF-8
cat >usr/sbin/locale-gen <<'TEXT'
#!/bin/sh
for name; do
    locale -a | grep -qix "$(printf %s "$name" | sed 's/utf-8/utf8/I')" ||
        localedef -i "${name%%.*}" -f UTF-8 "$name"
done
TEXT
: >etc/machine-id
rm -f etc/ssh/ssh_host_* var/lib/dbus/machine-id
ln -sf ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf
# The one repository: tests/lab/internet.py answers for that name.
printf 'deb [trusted=yes] http://deb.debian.org/debian ./\n' >etc/apt/sources.list
# Otherwise cloud-init writes a list of its own, and asks every cloud that it knows for its data.
cat >etc/cloud/cloud.cfg.d/10-lab.cfg <<'TEXT'
apt_preserve_sources_list: true
datasource_list: [NoCloud, None]
system_info:
  default_user: {name: ubuntu}
TEXT
# Nothing is to update itself while a guest is looked at.
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer man-db.timer; do
    ln -sf /dev/null "etc/systemd/system/$unit"
done
# On Ubuntu dnsmasq is not there before carbonio-node-configure brings it, and apt enables and starts a service that it
# installs; here it is there and enabled, and must not run before. Of nftables apt does neither.
mkdir -p etc/systemd/system/dnsmasq.service.d
printf '[Unit]\nConditionPathExists=/etc/dnsmasq.d/carbonio.conf\n' >etc/systemd/system/dnsmasq.service.d/lab.conf
rm -f etc/systemd/system/sysinit.target.wants/nftables.service

mkdir -p boot/extlinux
cat >boot/extlinux/extlinux.conf <<'TEXT'
DEFAULT linux
PROMPT 0
LABEL linux
  LINUX /vmlinuz
  INITRD /initrd.img
  APPEND root=LABEL=root ro console=ttyS0 net.ifnames=0
TEXT
extlinux --install boot/extlinux >&2
cd /
finish ubuntu

attach
cd "$work/root"
cp --remove-destination /etc/resolv.conf etc/resolv.conf
cp etc/apt/sources.list "$work/sources.list"
printf 'deb %s bookworm main\n' "$mirror" >etc/apt/sources.list
printf '#!/bin/sh\nexit 101\n' >usr/sbin/policy-rc.d
chmod +x usr/sbin/policy-rc.d
chroot . apt-get -qq update >&2
chroot . apt-get -qq -y --no-install-recommends install "${red_hat[@]}" >/dev/null
chroot . apt-get -qq -y purge netplan.io systemd-resolved >/dev/null
chroot . apt-get -qq clean
rm usr/sbin/policy-rc.d
cp "$work/sources.list" etc/apt/sources.list
"$here/stand-ins.sh" "$work/root" "$work/out/rpms" >&2
cd /
finish rhel

rm -rf -- "$folder"
mv -- "$work/out" "$folder"
