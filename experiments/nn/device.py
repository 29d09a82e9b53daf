"""Which device, precision and threads networks run with: the one place that decides."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar

import torch
from torch import nn

Precision = Literal["float32", "bfloat16"]
PrecisionChoice = Literal["auto", "float32", "bfloat16"]
Network = TypeVar("Network", bound=nn.Module)


def choose() -> torch.device:
    """The GPU that this process may see, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def resolve(precision: PrecisionChoice, where: torch.device) -> Precision:
    """`auto` is bfloat16 where the device computes in it natively, else float32."""
    if precision != "auto":
        return precision
    return "bfloat16" if _has_bfloat16(where) else "float32"


def _has_bfloat16(where: torch.device) -> bool:
    if where.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def place(network: Network, where: torch.device, precision: Precision = "float32") -> Network:
    """Move a network to the device and precision, weights in the order that convolutions like.

    The weights themselves are converted: casting them at each call, as autocast does, costs more
    than the arithmetic of a small transformer gains.
    """
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    return network.to(device=where, dtype=dtype).to(memory_format=torch.channels_last)


@contextmanager
def single_threaded() -> Iterator[int]:
    """Run each operation in one thread; gives how many threads the process may use.

    Two batches, or two small trainings, side by side on a core each are faster than one after the
    other on two cores, and their results do not depend on the number of threads. On a busy machine
    threads that wait for each other after every small operation lose a factor of ten.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)
