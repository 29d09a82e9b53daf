"""A real Slurm of one node on this machine: Debian's daemons, started by hand on free ports."""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
SBIN = "/usr/sbin:/sbin"  # where Debian keeps them, and a user's PATH does not look
ALIVE = {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING"}
CPUS, MEMORY = 8, 8000  # that the node pretends to have; MiB

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
MpiDefault=none
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1
ReturnToService=2
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:{cpus}
PartitionName=main Nodes={host} Default=YES PriorityTier=1 DefMemPerCPU=500
PartitionName=urgent Nodes={host} PriorityTier=2 DefMemPerCPU=500
"""


class CannotRunError(Exception):
    """The daemons are missing, or do not work here: says why."""


class Cluster:
    """One node with 8 CPUs and 8 GPUs by name only; partitions `main` and, before it, `urgent`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.configuration = self.folder / "slurm.conf"
        self.path = f"{os.environ['PATH']}:{SBIN}"

    def start(self) -> None:
        """Raises CannotRunError within 15 s where the node does not come up."""
        if missing := [name for name in DAEMONS if shutil.which(name, path=self.path) is None]:
            raise CannotRunError(f"{missing[0]} is missing: make test-slurm installs it")
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        host = socket.gethostname().split(".")[0]
        ports = dict(zip(("controller_port", "node_port"), free_ports(2), strict=True))
        self.configuration.write_text(
            CONFIGURATION.format(
                folder=self.folder, host=host, user=getpass.getuser(), cpus=CPUS, memory=MEMORY, **ports
            )
        )
        for number in range(CPUS):  # Slurm wants a device file for each GPU, and does not open it
            (self.folder / f"gpu{number}").touch()
        (self.folder / "gres.conf").write_text(f"Name=gpu File={self.folder}/gpu[0-{CPUS - 1}]\n")
        self.daemon(
            "munged", "--force", f"--socket={self.folder}/munge.socket", f"--key-file={key}",
            f"--pid-file={self.folder}/munged.pid", f"--log-file={self.folder}/munged.log",
            f"--seed-file={self.folder}/munged.seed", "--num-threads=2",
        )  # fmt: skip
        self.daemon("slurmctld")
        self.daemon("slurmd", "-N", host)
        end = time.monotonic() + 15
        while (state := self.ask("sinfo", "-h", "-p", "main", "-o", "%T")) != "idle":
            if time.monotonic() > end:
                raise CannotRunError(f"the node is {state or 'unknown'}: {self.last_errors()}")
            time.sleep(0.1)

    def daemon(self, *words: str) -> None:
        done = subprocess.run(words, env=self.environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotRunError(f"{words[0]} does not start: {done.stderr.strip() or self.last_errors()}")

    def environment(self) -> dict[str, str]:
        return os.environ | {"SLURM_CONF": str(self.configuration), "PATH": self.path}

    def ask(self, *words: str) -> str:
        """What a command of Slurm prints, stripped."""
        done = subprocess.run(words, env=self.environment(), capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def jobs(self) -> dict[str, str]:
        """The state of every job that was ever submitted here, by number."""
        lines = self.ask("squeue", "-h", "-t", "all", "-o", "%i %T").splitlines()
        return dict(line.split() for line in lines)

    def last_errors(self) -> str:
        logs = [path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log"))]
        lines = [line for log in logs for line in log.splitlines() if "rror" in line or "fatal" in line]
        return "; ".join(lines[-3:])

    def stop(self) -> None:
        """Cancel what runs, end the daemons and what they run, remove their files."""
        pids = [
            int(path.read_text()) for name in reversed(DAEMONS) for path in self.folder.glob(f"{name}.pid")
        ]
        jobs = self.jobs() if pids else {}  # where Slurm is not installed, nothing can be asked
        if alive := [job for job, state in jobs.items() if state in ALIVE]:
            self.ask("scancel", *alive)
            end = time.monotonic() + 5
            while ALIVE & {*self.jobs().values()} and time.monotonic() < end:
                time.sleep(0.1)
        for each in (signal.SIGTERM, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, each)
            end = time.monotonic() + 10
            while self.left() and time.monotonic() < end:
                time.sleep(0.1)
        left = self.left()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not left, f"still running: {left}"

    def left(self) -> list[str]:
        """The daemons, and the steps of jobs, that run with this cluster's files."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                name = Path(words.split(" ")[0].rstrip(":")).name if words else ""
                own = str(self.folder).encode() in (process / "environ").read_bytes()
                if own and name in (*DAEMONS, "slurmstepd"):
                    found.append(f"{process.name} {name}")
        return found


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
