"""Iterations of a training recorded once and replayed, on a GPU.

Small networks are done before the next of their operations has been started. A CUDA graph starts all
operations of an iteration at once.
"""

from collections.abc import Callable

import torch

EAGER = 3  # iterations before one is recorded, in which libraries and the optimiser allocate what they keep
Given = tuple[torch.Tensor | None, ...]


class Replay:
    """Calls `step`, on a GPU from a recording.

    Args:
        step: gives a tensor for tensors, or for None in the place of one; the same operations each time
            for the same shapes, without a look at a value. What it reads besides (weights, learning
            rates) is recorded as it is: a number among it must not change.
        where: the device.
    """

    def __init__(self, step: Callable[..., torch.Tensor], where: torch.device) -> None:
        self._step = step
        self._calls: dict[tuple, int] = {}
        self._recorded: dict[tuple, _Recording] = {}
        self._stream = torch.cuda.Stream(where) if where.type == "cuda" else None

    def __call__(self, *given: torch.Tensor | None) -> torch.Tensor:
        if self._stream is None:
            return self._step(*given)
        shapes = tuple(None if tensor is None else tensor.shape for tensor in given)
        calls = self._calls[shapes] = self._calls.get(shapes, 0) + 1
        if calls <= EAGER:
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                found = self._step(*given)
            torch.cuda.current_stream().wait_stream(self._stream)
            return found
        if shapes not in self._recorded:
            self._recorded[shapes] = _Recording(self._step, given, self._stream)
        return self._recorded[shapes](given)


class _Recording:
    def __init__(self, step: Callable[..., torch.Tensor], given: Given, stream: torch.cuda.Stream) -> None:
        self._given = tuple(None if tensor is None else tensor.clone() for tensor in given)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=stream):
            self._found = step(*self._given)

    def __call__(self, given: Given) -> torch.Tensor:
        for own, new in zip(self._given, given, strict=True):
            if own is not None and new is not None:
                own.copy_(new)
        self._graph.replay()
        return self._found.clone()
