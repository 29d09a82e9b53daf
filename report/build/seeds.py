"""Seeds, and what else makes a stage give the same numbers each time it runs."""

import os
import random
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np

from report.stage import Settings


def fix_seeds(settings: Settings, threads: int) -> None:
    """Seed random, numpy and, if the script uses it, torch; make torch deterministic and float32 exact.

    The number of threads comes from the row, not from the machine, since it changes the order of sums.
    """
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # cuBLAS is deterministic only with it
    seed = int(getattr(settings, "seed", 0))
    random.seed(seed)
    np.random.seed(seed % 2**32)
    when_loaded("torch", lambda torch: fix_torch(torch, seed, threads))


def fix_torch(torch: Any, seed: int, threads: int) -> None:
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = False
    # torch lets convolutions on a GPU round float32 to TF32, 10 bits of 23, unless it is told not to
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


def when_loaded(name: str, do: Callable[[ModuleType], None]) -> None:
    """Call `do` with the module `name`: now if it is loaded, else as soon as it is.

    A script may import torch only while it runs, and a fork server has it loaded before.
    """
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Waiting)]
    if name in sys.modules:
        do(sys.modules[name])
    else:
        sys.meta_path.insert(0, Waiting(name, do))


class Waiting(MetaPathFinder):
    """Finds a module as the others do, and has something done with it when it has been loaded."""

    def __init__(self, name: str, do: Callable[[ModuleType], None]) -> None:
        self.name, self.do = name, do

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        others = [finder for finder in sys.meta_path if not isinstance(finder, Waiting)]
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_do(module: ModuleType) -> None:
                load(module)
                self.do(module)

            spec.loader.exec_module = load_and_do  # type: ignore[method-assign]  # of this one loader
        return spec
