"""Data volumes: nothing is ever formatted that is not blank, and each comes to its own place."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time

import pytest

from tests.node.machine import Machine, node

TWO = [
    {"key": "mail", "mount": "/opt/zextras", "filesystem": "ext4"},
    {"key": "recordings", "mount": "/var/lib/videorecorder", "filesystem": "ext4"},
]
FSTAB = "UUID=uuid-of-nvme1n1 /opt/zextras ext4 defaults,nofail,x-systemd.device-timeout=600 0 2\n"


def places(machine: Machine) -> dict[str, str]:
    """Return mount point -> device of the data volumes."""
    rows = [line.split() for line in machine.get("proc/self/mounts").splitlines()[1:]]
    return {row[1]: row[0] for row in rows}


def reboot(machine: Machine) -> None:
    """Forget what is mounted, as a boot does where the device is not there in time."""
    machine.put("proc/self/mounts", "/dev/root / ext4 rw 0 0\n")


def formatted(machine: Machine) -> list[str]:
    """Return the devices that were formatted, in their order."""
    record = machine.root / "formatted"
    return record.read_text().split() if record.exists() else []


def test_a_blank_volume_is_formatted_once_and_mounted_by_uuid(machine: Machine) -> None:
    machine.install(node())
    assert machine.configure("--volumes").words == {"volume mail": "changed"}
    assert machine.get("etc/fstab") == "LABEL=root / ext4 defaults 0 1\n" + FSTAB
    assert places(machine) == {"/opt/zextras": "/dev/nvme1n1"}
    for _ in range(3):
        reboot(machine)
        assert machine.configure("--volumes").code == 0
    assert formatted(machine) == ["nvme1n1"]
    assert machine.get("etc/fstab").count("/opt/zextras") == 1


def test_a_boot_says_that_it_looked_at_the_volumes_alone(machine: Machine) -> None:
    machine.install(node())
    assert machine.configure("--volumes").out.splitlines()[-1] == "store1.example.com: volume alone: as it should be"
    assert not (machine.root / "var/lib/carbonio-node/complete").exists()
    assert machine.configure().out.splitlines()[-1] == "store1.example.com: all: as it should be"


def test_the_mount_point_is_immutable_before_fstab_knows_it(machine: Machine) -> None:
    """From then on systemd may mount there, and the flag would land on the volume itself."""
    machine.install(node())
    machine.configure("--volumes")
    commands = machine.commands()
    protect = commands.index("chattr +i /opt/zextras")
    assert protect < commands.index("systemctl daemon-reload") < commands.index("mount /opt/zextras")
    reboot(machine)
    machine.configure("--volumes")
    assert not [line for line in machine.commands() if line.startswith("chattr")]


@pytest.mark.parametrize(
    ("tag", "value"),
    [("TYPE", "xfs"), ("TYPE", "LVM2_member"), ("TYPE", "crypto_LUKS"), ("PTTYPE", "gpt"), ("PTTYPE", "dos")],
)
def test_a_disk_that_holds_something_is_never_formatted(machine: Machine, tag: str, value: str) -> None:
    machine.put(f"dev/nvme1n1.{tag}", value)
    machine.install(node())
    ended = machine.configure()
    assert f"holds {value}: not formatted" in ended.step("volume mail")
    assert not [line for line in machine.commands() if line.startswith("mkfs")]
    assert machine.get("etc/fstab") == "LABEL=root / ext4 defaults 0 1\n"


@pytest.mark.parametrize("offset", [0, 511, 4096, (1 << 20) - 1, (4 << 20) - 1, 3 << 20])
def test_a_disk_that_blkid_does_not_know_is_formatted_only_if_it_is_zeros(machine: Machine, offset: int) -> None:
    content = bytearray(4 << 20)
    content[offset] = 1
    machine.disk("nvme1n1", "mail", bytes(content))
    machine.install(node())
    assert "is not blank: not formatted" in machine.configure("--volumes").step("volume mail")
    assert not formatted(machine)


def test_a_disk_that_blkid_is_not_sure_about_is_not_formatted(machine: Machine) -> None:
    machine.put("dev/nvme1n1.ambivalent", "")
    machine.install(node())
    assert "blkid is not sure" in machine.configure("--volumes").step("volume mail")
    assert not formatted(machine)


def test_an_interrupted_mkfs_is_done_again_on_that_volume_alone(machine: Machine) -> None:
    machine.disk("nvme2n1", "recordings")
    machine.install(node(volumes=TWO))
    machine.put("killed", "")
    assert machine.configure("--volumes").code == 1
    (machine.root / "killed").unlink()
    # The other disk now carries data that no tool knows, and no note of ours says otherwise.
    (machine.root / "var/lib/carbonio-node/formatting-recordings").unlink()
    ended = machine.configure("--volumes")
    assert ended.words == {"volume mail": "changed", "volume recordings": "failed"}
    assert formatted(machine) == ["nvme1n1"]
    assert not (machine.root / "var/lib/carbonio-node/formatting-mail").exists()


def test_a_partition_table_is_kept_even_after_an_interrupted_mkfs(machine: Machine) -> None:
    machine.install(node())
    machine.put("var/lib/carbonio-node/formatting-mail", "/dev/disk/by-id/mail")
    content = bytearray(4 << 20)
    content[510:512] = b"\x55\xaa"
    machine.disk("nvme1n1", "mail", bytes(content))
    assert machine.configure("--volumes").code == 1
    assert not formatted(machine)


def test_two_volumes_whose_devices_swap_keep_their_places(machine: Machine) -> None:
    machine.disk("nvme2n1", "recordings")
    machine.install(node(volumes=TWO))
    assert machine.configure("--volumes").code == 0
    assert places(machine) == {"/opt/zextras": "/dev/nvme1n1", "/var/lib/videorecorder": "/dev/nvme2n1"}
    folder = machine.root / "dev"
    for first, second in (("nvme1n1", "swap"), ("nvme2n1", "nvme1n1"), ("swap", "nvme2n1")):
        for path in list(folder.glob(f"{first}*")):
            path.rename(folder / path.name.replace(first, second))
    machine.link("nvme2n1", "mail")
    machine.link("nvme1n1", "recordings")
    reboot(machine)
    fstab = machine.get("etc/fstab")
    assert machine.configure("--volumes").code == 0
    assert places(machine) == {"/opt/zextras": "/dev/nvme2n1", "/var/lib/videorecorder": "/dev/nvme1n1"}
    assert machine.get("etc/fstab") == fstab
    assert sorted(formatted(machine)) == ["nvme1n1", "nvme2n1"]


def test_one_volume_that_is_missing_holds_up_no_other(machine: Machine) -> None:
    machine.install(node(volumes=TWO))
    ended = machine.configure("--volumes")
    assert ended.words == {"volume mail": "changed", "volume recordings": "failed"}
    assert "is missing" in ended.step("volume recordings")


@pytest.mark.slow
def test_a_device_that_appears_late_is_waited_for(machine: Machine) -> None:
    machine.install(node())
    link = machine.root / "dev/disk/by-id/mail"
    link.unlink()
    attach = threading.Timer(1.5, machine.link, ("nvme1n1", "mail"))
    started = time.monotonic()
    attach.start()
    assert machine.configure("--volumes", wait="30").words == {"volume mail": "changed"}
    assert 1.4 < time.monotonic() - started < 20


@pytest.mark.slow
def test_the_wait_for_a_device_ends(machine: Machine) -> None:
    machine.install(node(), mail="/dev/disk/by-id/never")
    started = time.monotonic()
    assert machine.configure("--volumes", wait="2").code == 1
    assert time.monotonic() - started < 20


def test_a_volume_of_a_later_day_needs_its_device_once(machine: Machine) -> None:
    machine.install(node())
    machine.configure()
    machine.disk("nvme2n1", "recordings")
    machine.install(node(volumes=TWO), mail="/dev/disk/by-id/mail")
    ended = machine.configure("--volumes")
    assert "--device recordings=/dev/" in ended.step("volume recordings")
    ended = machine.configure("--device", "recordings=/dev/disk/by-id/recordings")
    assert ended.words["volume recordings"] == "changed"
    assert machine.configure().words["volume recordings"] == "unchanged"


def test_files_on_the_os_disk_are_not_hidden_by_a_volume(machine: Machine) -> None:
    machine.put("opt/zextras/conf/localconfig.xml", "precious")
    machine.install(node())
    assert "is not empty: move its files away" in machine.configure("--volumes").step("volume mail")
    assert places(machine) == {}
    assert "/opt/zextras" not in machine.get("etc/fstab")


def test_a_volume_that_was_mounted_in_a_wrong_place_is_left_alone(machine: Machine) -> None:
    machine.put("dev/nvme1n1.TYPE", "ext4")
    machine.put("proc/self/mounts", "/dev/root / ext4 rw 0 0\n/dev/nvme1n1 /mnt ext4 rw 0 0\n")
    machine.install(node())
    assert machine.configure("--volumes").code == 1
    assert places(machine) == {"/mnt": "/dev/nvme1n1"}


def test_another_disk_at_the_place_is_left_alone(machine: Machine) -> None:
    machine.put("proc/self/mounts", "/dev/root / ext4 rw 0 0\n/dev/sdz /opt/zextras ext4 rw 0 0\n")
    machine.install(node())
    assert machine.configure("--volumes").code == 1
    assert not formatted(machine)


def test_a_copy_with_the_same_uuid_is_not_left_mounted(machine: Machine) -> None:
    machine.install(node())
    machine.configure("--volumes")
    for tag in ("TYPE", "UUID"):
        machine.put(f"dev/copy.{tag}", machine.get(f"dev/nvme1n1.{tag}"))
    machine.put("dev/nvme1n1.other", "")
    reboot(machine)
    ended = machine.configure("--volumes")
    assert "has the UUID of" in ended.step("volume mail")
    assert places(machine) == {}


def test_systemd_may_be_quicker_with_the_mount(machine: Machine) -> None:
    machine.install(node())
    machine.configure("--volumes")
    reboot(machine)
    row = "/dev/nvme1n1 /opt/zextras ext4 rw 0 0"
    machine.program("mount", f'echo "{row}" >> "$ROOT/proc/self/mounts"; echo already mounted >&2; exit 32')
    assert machine.configure("--volumes").code == 0


def test_a_grown_volume_grows_its_file_system(machine: Machine) -> None:
    machine.install(node())
    machine.configure()
    machine.put("larger", "")
    assert "grown" in machine.configure("--volumes").step("volume mail")
    assert machine.configure("--volumes").words == {"volume mail": "unchanged"}


def test_a_check_neither_formats_nor_mounts(machine: Machine) -> None:
    machine.install(node())
    before = machine.tree()
    assert machine.check()["volumes"][0] == "failed"
    assert machine.tree() == before


def test_the_real_tools_agree_with_their_stand_ins(machine: Machine) -> None:
    real = {name: shutil.which(name, path="/usr/sbin:/sbin:/usr/bin") for name in ("blkid", "mkfs.ext4", "resize2fs")}
    if not all(real.values()):
        pytest.skip("blkid, mkfs.ext4 or resize2fs is not installed")
    for name in ("blkid", "mkfs.ext4"):
        machine.program(name, f'exec {real[name]} "$@"')
    machine.program("mount", 'echo "/dev/nvme1n1 $1 ext4 rw 0 0" >> "$ROOT/proc/self/mounts"')
    machine.disk("nvme1n1", "mail", bytes(16 << 20))
    machine.install(node())
    ended = machine.configure("--volumes")
    assert "formatted, in fstab, mounted" in ended.step("volume mail"), ended.out
    before = (machine.root / "dev/nvme1n1").read_bytes()
    reboot(machine)
    assert "formatted" not in machine.configure("--volumes").step("volume mail")
    assert (machine.root / "dev/nvme1n1").read_bytes() == before
    machine.program("resize2fs", f'exec {real["resize2fs"]} "$@"')
    with (machine.root / "dev/nvme1n1").open("r+b") as disk:
        disk.truncate(32 << 20)
    assert "grown" in machine.configure("--volumes").step("volume mail")
    assert machine.configure("--volumes").words == {"volume mail": "unchanged"}
    command = [str(real["blkid"]), "-p", "-s", "UUID", "-o", "value", str(machine.root / "dev/nvme1n1")]
    uuid = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert f"UUID={uuid} /opt/zextras ext4" in machine.get("etc/fstab")
