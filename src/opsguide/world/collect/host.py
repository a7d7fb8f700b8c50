"""This machine under node_exporter's names, from psutil and /proc."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from opsguide.world.clock import SystemClock
from opsguide.world.collect.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opsguide.core.ports import Samples
    from opsguide.world.collect.sheet import Dsn

PROC = Path("/proc")
_CPU_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_NO_DISK = re.compile(r"(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p|mmcblk\d+p)\d+")
_NO_STORAGE = frozenset(
    [
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devpts",
        "devtmpfs",
        "fusectl",
        "fuse.lxcfs",
        "hugetlbfs",
        "iso9660",
        "mqueue",
        "nsfs",
        "overlay",
        "proc",
        "procfs",
        "pstore",
        "rpc_pipefs",
        "securityfs",
        "selinuxfs",
        "squashfs",
        "sysfs",
        "tracefs",
    ]
)
_NO_MOUNT = re.compile(r"/(dev|proc|sys|run/credentials/.+|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)")
_OCTAL = re.compile(r"\\([0-7]{3})")
_VMSTAT = frozenset(["pgpgin", "pgpgout", "pswpin", "pswpout", "pgfault", "pgmajfault", "oom_kill"])
_NETSTAT = frozenset(
    [
        "Tcp_ActiveOpens",
        "Tcp_PassiveOpens",
        "Tcp_CurrEstab",
        "Tcp_InSegs",
        "Tcp_OutSegs",
        "Tcp_RetransSegs",
        "Tcp_InErrs",
        "Tcp_OutRsts",
        "TcpExt_ListenOverflows",
        "TcpExt_ListenDrops",
        "TcpExt_SyncookiesSent",
        "TcpExt_TCPTimeouts",
        "TcpExt_TCPSynRetrans",
        "Udp_InDatagrams",
        "Udp_OutDatagrams",
        "Udp_InErrors",
        "Udp_NoPorts",
        "Icmp_InMsgs",
        "Icmp_OutMsgs",
        "Ip_Forwarding",
        "IpExt_InOctets",
        "IpExt_OutOctets",
    ]
)
_STAT = {
    "ctxt": ("node_context_switches_total", True),
    "intr": ("node_intr_total", True),
    "processes": ("node_forks_total", True),
    "procs_running": ("node_procs_running", False),
    "procs_blocked": ("node_procs_blocked", False),
}


async def ask(_dsn: Dsn, _timeout_s: float) -> Samples:
    """One reading of this machine, in a thread: a dead network mount may hold it up."""
    return await asyncio.to_thread(host_samples)


def host_samples(proc: Path = PROC) -> Samples:
    """One reading; what this machine does not have is left out."""
    sheet = Sheet()
    for part in (_cpu, _disks, _networks, _load):
        part(sheet)
    for read in (_memory, _filesystems, _stat, _vmstat, _netstat, _sockets, _handles, _pressure):
        with contextlib.suppress(OSError, ValueError, IndexError):
            read(sheet, proc)
    return sheet.samples()


def _cpu(sheet: Sheet) -> None:
    for number, times in enumerate(psutil.cpu_times(percpu=True)):
        for mode in _CPU_MODES:
            sheet.counter("node_cpu_seconds_total", getattr(times, mode, None), cpu=str(number), mode=mode)


def _load(sheet: Sheet) -> None:
    for name, value in zip(("node_load1", "node_load5", "node_load15"), os.getloadavg(), strict=True):
        sheet.gauge(name, value)
    sheet.gauge("node_boot_time_seconds", psutil.boot_time())
    sheet.gauge("node_time_seconds", SystemClock().now())
    machine = os.uname()
    sheet.gauge(
        "node_uname_info",
        1.0,
        sysname=machine.sysname,
        release=machine.release,
        version=machine.version,
        machine=machine.machine,
        nodename=machine.nodename,
        domainname="(none)",
    )


def _memory(sheet: Sheet, proc: Path) -> None:
    for line in (proc / "meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        name = name.replace("(", "_").replace(")", "")
        if len(words) > 1:
            sheet.gauge(f"node_memory_{name}_bytes", float(words[0]) * 1024)
        else:
            sheet.gauge(f"node_memory_{name}", float(words[0]))


def _filesystems(sheet: Sheet, proc: Path) -> None:
    for device, mountpoint, fstype, options in _mounts((proc / "self/mounts").read_text()):
        labels = {"device": device, "mountpoint": mountpoint, "fstype": fstype}
        try:
            found = os.statvfs(mountpoint)
        except OSError:
            sheet.gauge("node_filesystem_device_error", 1.0, **labels)
            continue
        sheet.gauge("node_filesystem_size_bytes", found.f_blocks * found.f_frsize, **labels)
        sheet.gauge("node_filesystem_free_bytes", found.f_bfree * found.f_frsize, **labels)
        sheet.gauge("node_filesystem_avail_bytes", found.f_bavail * found.f_frsize, **labels)
        sheet.gauge("node_filesystem_files", found.f_files, **labels)
        sheet.gauge("node_filesystem_files_free", found.f_ffree, **labels)
        sheet.gauge("node_filesystem_readonly", float("ro" in options.split(",")), **labels)
        sheet.gauge("node_filesystem_device_error", 0.0, **labels)


def _mounts(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Device, mount point, type and options of what stores something. The root always counts: in a container it is
    an overlay, and it is the disk that people mean.
    """
    # A root that the table does not name (a chroot's) is a file system all the same.
    found: dict[str, tuple[str, str, str, str]] = {"/": ("rootfs", "/", "rootfs", "rw")}
    for line in text.splitlines():
        device, mountpoint, fstype, options = (_plain(word) for word in line.split()[:4])
        if mountpoint == "/" or not (fstype in _NO_STORAGE or _NO_MOUNT.match(mountpoint)):
            found[mountpoint] = (device, mountpoint, fstype, options)  # a later mount hides an earlier one
    yield from found.values()


def _plain(word: str) -> str:
    return _OCTAL.sub(lambda code: chr(int(code[1], 8)), word)


def _disks(sheet: Sheet) -> None:
    for device, io in (psutil.disk_io_counters(perdisk=True) or {}).items():
        if _NO_DISK.fullmatch(device):
            continue
        sheet.counter("node_disk_reads_completed_total", io.read_count, device=device)
        sheet.counter("node_disk_read_bytes_total", io.read_bytes, device=device)
        sheet.counter("node_disk_read_time_seconds_total", io.read_time / 1000, device=device)
        sheet.counter("node_disk_writes_completed_total", io.write_count, device=device)
        sheet.counter("node_disk_written_bytes_total", io.write_bytes, device=device)
        sheet.counter("node_disk_write_time_seconds_total", io.write_time / 1000, device=device)
        busy_ms = getattr(io, "busy_time", None)
        sheet.counter("node_disk_io_time_seconds_total", None if busy_ms is None else busy_ms / 1000, device=device)


def _networks(sheet: Sheet) -> None:
    for device, io in psutil.net_io_counters(pernic=True).items():
        for way, size, count, errs, drop in (
            ("receive", io.bytes_recv, io.packets_recv, io.errin, io.dropin),
            ("transmit", io.bytes_sent, io.packets_sent, io.errout, io.dropout),
        ):
            sheet.counter(f"node_network_{way}_bytes_total", size, device=device)
            sheet.counter(f"node_network_{way}_packets_total", count, device=device)
            sheet.counter(f"node_network_{way}_errs_total", errs, device=device)
            sheet.counter(f"node_network_{way}_drop_total", drop, device=device)
    for device, state in psutil.net_if_stats().items():
        sheet.gauge("node_network_up", float(state.isup), device=device)


def _stat(sheet: Sheet, proc: Path) -> None:
    for line in (proc / "stat").read_text().splitlines():
        words = line.split()
        name, counts = _STAT.get(words[0], ("", False))
        if name:
            (sheet.counter if counts else sheet.gauge)(name, float(words[1]))


def _vmstat(sheet: Sheet, proc: Path) -> None:
    for line in (proc / "vmstat").read_text().splitlines():
        name, _, value = line.partition(" ")
        if name in _VMSTAT:
            sheet.counter(f"node_vmstat_{name}", float(value))


def _netstat(sheet: Sheet, proc: Path) -> None:
    for file in ("snmp", "netstat"):
        for name, value in _paired((proc / "net" / file).read_text()).items():
            if name in _NETSTAT:
                sheet.gauge(f"node_netstat_{name}", value)


def _paired(text: str) -> Mapping[str, float]:
    """The kernel's pairs of lines, `Tcp: names` and `Tcp: values`, as `Tcp_name`."""
    lines = text.splitlines()
    found: dict[str, float] = {}
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        group = names.partition(":")[0]
        for name, value in zip(names.split()[1:], values.split()[1:], strict=True):
            found[f"{group}_{name}"] = float(value)
    return found


def _sockets(sheet: Sheet, proc: Path) -> None:
    for line in (proc / "net/sockstat").read_text().splitlines():
        group, _, rest = line.partition(":")
        words = rest.split()
        for name, value in zip(words[::2], words[1::2], strict=True):
            sheet.gauge(f"node_sockstat_{group}_{name}", float(value))


def _handles(sheet: Sheet, proc: Path) -> None:
    allocated, _, maximum = (proc / "sys/fs/file-nr").read_text().split()
    sheet.gauge("node_filefd_allocated", float(allocated))
    sheet.gauge("node_filefd_maximum", float(maximum))


def _pressure(sheet: Sheet, proc: Path) -> None:
    kinds = {"some": "waiting", "full": "stalled"}
    for resource in ("cpu", "io", "memory"):
        for line in (proc / "pressure" / resource).read_text().splitlines():
            words = line.split()
            total_us = float(words[-1].removeprefix("total="))
            sheet.counter(f"node_pressure_{resource}_{kinds[words[0]]}_seconds_total", total_us / 1e6)
