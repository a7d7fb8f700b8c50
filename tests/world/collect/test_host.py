from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from opsguide.core.ports import Collector
from opsguide.world.collect import RealCollect
from opsguide.world.collect.host import _mounts, host_samples
from opsguide.world.sim.world import SimSecrets

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.core.ports import Samples


def _values(samples: Samples) -> dict[str, float]:
    return dict(zip(samples.keys, samples.values.tolist(), strict=True))


def test_this_machine_is_read_under_the_exporters_names() -> None:
    samples = asyncio.run(RealCollect(SimSecrets()).collect(Collector("node", "host"), 10.0))
    found = _values(samples)
    assert len(found) == len(samples.keys)  # no key twice
    assert found['node_cpu_seconds_total{cpu="0",mode="idle"}'] > 0
    assert 0 < found["node_memory_MemAvailable_bytes"] <= found["node_memory_MemTotal_bytes"]
    assert found["node_boot_time_seconds"] < found["node_time_seconds"]
    assert found["node_load1"] >= 0
    assert found["node_filefd_allocated"] > 0
    assert found["node_context_switches_total"] > 0
    assert found["node_procs_running"] >= 1
    assert samples.kinds["node_cpu_seconds_total"] == "counter"
    assert samples.kinds["node_load1"] == "gauge"


def test_the_root_file_system_is_measured_whatever_its_type() -> None:
    found = _values(host_samples())
    sizes = [v for k, v in found.items() if k.startswith("node_filesystem_size_bytes") and 'mountpoint="/"' in k]
    root = os.statvfs("/")
    assert sizes == [root.f_blocks * root.f_frsize]
    assert any(key.startswith('node_network_receive_bytes_total{device="lo"') for key in found)


def test_every_name_of_the_seeds_is_there() -> None:
    names = {key.partition("{")[0] for key in host_samples().keys}
    assert names >= {
        "node_cpu_seconds_total",
        "node_memory_MemTotal_bytes",
        "node_memory_MemAvailable_bytes",
        "node_memory_MemFree_bytes",
        "node_memory_Cached_bytes",
        "node_memory_Buffers_bytes",
        "node_memory_SwapTotal_bytes",
        "node_memory_SwapFree_bytes",
        "node_filesystem_avail_bytes",
        "node_filesystem_files",
        "node_uname_info",
        "node_network_transmit_errs_total",
        "node_vmstat_pgfault",
        "node_netstat_Tcp_CurrEstab",
    }


def test_mounts_that_store_nothing_are_left_out_and_the_later_one_counts() -> None:
    text = (
        "overlay / overlay rw,lowerdir=x 0 0\n"
        "proc /proc proc rw 0 0\n"
        "/dev/sda1 /data ext4 rw 0 0\n"
        "/dev/sdb1 /data xfs ro 0 0\n"
        "/dev/sdc1 /with\\040space ext4 rw 0 0\n"
        "/dev/sdd1 /var/lib/docker/x ext4 rw 0 0\n"
    )
    assert sorted(_mounts(text)) == [
        ("/dev/sdb1", "/data", "xfs", "ro"),
        ("/dev/sdc1", "/with space", "ext4", "rw"),
        ("overlay", "/", "overlay", "rw,lowerdir=x"),
    ]


def test_a_machine_without_these_files_leaves_them_out(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("ctxt nonsense\n")
    names = {key.partition("{")[0] for key in host_samples(tmp_path).keys}
    assert "node_cpu_seconds_total" in names
    assert "node_memory_MemTotal_bytes" not in names
    assert "node_context_switches_total" not in names


@pytest.mark.parametrize("line", ["MemTotal", "MemTotal: x kB", ""])
def test_a_line_that_is_not_understood_spoils_only_its_part(tmp_path: Path, line: str) -> None:
    (tmp_path / "meminfo").write_text(line + "\n")
    assert any(key.startswith("node_load") for key in host_samples(tmp_path).keys)
