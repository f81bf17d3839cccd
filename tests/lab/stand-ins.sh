#!/usr/bin/env bash
# Makes of a Debian 12 in a folder what a node of the RHEL branch starts from, as far as that can be had, and the
# repository that its dnf installs from.
#
#   stand-ins.sh ROOT RPMS
#
# Real are dnf, rpm, firewalld, NetworkManager and chrony. Stand-ins, each of which notes its arguments in
# /var/log/lab-calls and then does as much as its original: subscription-manager, and the repositories with empty
# packages. There is no SELinux in the kernel; its configuration file is that of an installed RHEL.
set -euo pipefail
root="$1" rpms="$2"
cd -- "$root"

# Debian keeps the database of packages in a home folder, and a module is disabled for a platform.
mkdir -p etc/rpm var/lib/rpm etc/selinux etc/yum.repos.d etc/dnf/vars
# shellcheck disable=SC2016
printf '%%_dbpath /var/lib/rpm\n' >etc/rpm/macros.lab
printf '[main]\nbest=True\nskip_if_unavailable=False\nmodule_platform_id=platform:el9\n' >etc/dnf/dnf.conf
printf '9\n' >etc/dnf/vars/releasever
printf 'SELINUX=enforcing\nSELINUXTYPE=targeted\n' >etc/selinux/config
rm -f etc/resolv.conf etc/default/locale

# Red Hat's chrony: its file and its unit.
mv etc/chrony/chrony.conf etc/chrony.conf
rm -f etc/systemd/system/chronyd.service
ln -s ../chrony.conf etc/chrony/chrony.conf
sed 's/^Alias=.*//' lib/systemd/system/chrony.service >etc/systemd/system/chronyd.service
rm -f etc/systemd/system/multi-user.target.wants/chrony.service
ln -sf /dev/null etc/systemd/system/chrony.service
ln -sf ../chronyd.service etc/systemd/system/multi-user.target.wants/chronyd.service
chroot . systemctl -q disable systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service
# As on RHEL: the firewall runs from the start, name resolution is NetworkManager's.
chroot . systemctl -q enable NetworkManager.service NetworkManager-wait-online.service firewalld.service
printf '[main]\nplugins=keyfile\n' >etc/NetworkManager/NetworkManager.conf
# As RHEL has it, and without the interfaces of others.
sed -i 's/^hosts:.*/hosts: files dns myhostname/' etc/nsswitch.conf
cat >etc/cloud/cloud.cfg.d/10-lab.cfg <<'TEXT'
datasource_list: [NoCloud, None]
system_info:
  distro: rhel
  default_user: {name: cloud-user, groups: [adm, systemd-journal]}
  network: {renderers: [network-manager]}
TEXT

# Where Red Hat's logins have their language from.
ln -sf ../locale.conf etc/default/locale
# An operator's own image may carry the key: it is in neither user-data nor state.
mkdir -p etc/carbonio-node
printf 'org=1234567\nkey=lab-key\n' >etc/carbonio-node/activation-key
chmod 0600 etc/carbonio-node/activation-key
ln -sf /bin/true usr/libexec/cloud-init/write-ssh-key-fingerprints 2>/dev/null || true

mkdir -p usr/local/sbin
for program in dnf nmcli firewall-cmd firewall-offline-cmd setenforce; do
    cat >"usr/local/sbin/$program" <<TEXT
#!/bin/sh
printf '%s\n' "$program \$*" >>/var/log/lab-calls
test ! -x /usr/bin/$program || exec /usr/bin/$program "\$@"
TEXT
done
cat >usr/local/sbin/subscription-manager <<'TEXT'
#!/bin/sh
# Registers, and enables repositories: the ids that the real one knows, none of them from the start.
printf '%s\n' "subscription-manager $*" >>/var/log/lab-calls
repos=/etc/yum.repos.d/redhat.repo
case "$1" in
    identity) test -f /etc/pki/consumer/cert.pem ;;
    register)
        mkdir -p /etc/pki/consumer && : >/etc/pki/consumer/cert.pem
        for id in rhel-9-for-x86_64-baseos-rpms rhel-9-for-x86_64-appstream-rpms \
            codeready-builder-for-rhel-9-x86_64-rpms rhel-9-for-x86_64-supplementary-rpms; do
            printf '[%s]\nname=%s\nbaseurl=http://cdn.redhat.com/%s\nenabled=0\ngpgcheck=0\n' "$id" "$id" "$id"
        done >"$repos"
        ;;
    repos)
        shift
        for word; do
            id="${word#--enable=}"
            grep -qFx "[$id]" "$repos" || { echo "Error: '$id' does not match a valid repository ID." >&2; exit 1; }
            sed -i "/^\[$id\]\$/,/^enabled=/s/^enabled=0/enabled=1/" "$repos"
        done
        ;;
    *) exit 2 ;;
esac
TEXT
chmod +x usr/local/sbin/*

names=(bind-utils ca-certificates chrony curl dos2unix fontconfig gnupg2 jq nmap-ncat openssh-server perl python3
    python3-psycopg2 sysstat wget firewalld dnsmasq xfsprogs)
spec="$rpms/lab.spec"
mkdir -p -- "$rpms"
{
    printf 'Name: lab\nVersion: 1\nRelease: 1\nSummary: Stand-in\nLicense: Apache-2.0\nBuildArch: noarch\n%%description\n-\n'
    for name in "${names[@]}" glibc-langpack-en; do
        printf '%%package -n %s\nSummary: Stand-in\n%%description -n %s\n-\n%%files -n %s\n' "$name" "$name" "$name"
    done
    # The language itself, made where it is needed.
    printf '%%post -n glibc-langpack-en -p <lua>\nos.execute("localedef -i en_US -f UTF-8 en_US.UTF-8")\n'
} >"$spec"
rpmbuild --quiet -bb --define "_rpmdir $rpms" --define "_topdir $rpms/build" "$spec"
rm -rf -- "$rpms/build" "$spec"
createrepo_c --quiet "$rpms"
# The stream that hides PostgreSQL's own packages.
cat >"$rpms/modules.yaml" <<'TEXT'
---
document: modulemd
version: 2
data:
  name: postgresql
  stream: "15"
  version: 1
  context: lab
  arch: x86_64
  summary: Stand-in
  description: Stand-in
  license: {module: [MIT]}
---
document: modulemd-defaults
version: 1
data: {module: postgresql, stream: "15"}
TEXT
modifyrepo_c --mdtype=modules "$rpms/modules.yaml" "$rpms/repodata" >/dev/null
