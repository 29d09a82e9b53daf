"""Does a map depend on what the network learnt? The check of Adebayo et al. (2018, arXiv:1810.03292).

The network's parts are made random one after the other, from the last to the first. A map that stays
the same shows the picture, not the network. Random means here that each weight tensor's values are put
into random order: their sizes stay, and the signals with them, so that no network falls silent.
"""

import copy
from collections.abc import Iterator

import numpy as np
import torch
from scipy.stats import rankdata
from torch import nn


def parts(network: nn.Module) -> list[list[nn.Parameter]]:
    """The weights of each part, from the first to the last: a convolution, a block, a linear layer.

    Weights that belong to the network itself, such as a transformer's positions, count to the first.
    """
    modules: list[nn.Module] = []
    for child in network.children():
        inside = isinstance(child, nn.Sequential | nn.ModuleList)
        modules += list(child.children()) if inside else [child]
    found = [list(module.parameters()) for module in modules]
    found = [weights for weights in found if weights]
    found[0] = found[0] + list(network.parameters(recurse=False))
    return found


def stops(count: int, checks: int) -> list[int]:
    """How many parts are random at each check: the last one alone, then evenly up to all `count`."""
    return sorted({round(float(stop)) for stop in np.linspace(1, count, checks)})


def cascade(network: nn.Module, stops: list[int], seed: int) -> Iterator[nn.Module]:
    """Yield one copy of the network, at each stop with as many of its last parts random."""
    network = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    for number, weights in enumerate(reversed(parts(network)), 1):
        for weight in weights:
            shuffle_(weight, generator)
        if number in stops:
            yield network


@torch.no_grad()
def shuffle_(weight: torch.Tensor, generator: torch.Generator) -> None:
    """Put the values of a tensor into random order, in place."""
    order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
    weight.copy_(weight.flatten()[order].view_as(weight))


def standard_ranks(maps: np.ndarray) -> np.ndarray:
    """Ranks of each map's values with mean 0 and norm 1, (n, h * w): their products are correlations.

    All 0 for a map that is the same everywhere.
    """
    ranks = rankdata(maps.reshape(len(maps), -1), axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(ranks, axis=1, keepdims=True)
    return np.divide(ranks, norms, out=np.zeros_like(ranks), where=norms > 0)


def rank_correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each pair of maps (n, h, w), (n,); 0 where a map is the same everywhere."""
    return np.sum(standard_ranks(first) * standard_ranks(second), axis=1)


def unrelated(first: np.ndarray, second: np.ndarray | None = None) -> np.ndarray:
    """The mean of Spearman's correlations of each map with those of all other pictures, (n,).

    Args:
        first, second: maps of the same n pictures, at least 2; `second` is `first` where it is left out.
    """
    ranks = standard_ranks(first)
    matrix = ranks @ (ranks if second is None else standard_ranks(second)).T
    np.fill_diagonal(matrix, 0)
    return matrix.sum(axis=1) / (len(matrix) - 1)


def grain(maps: np.ndarray) -> np.ndarray:
    """How fine-grained maps (n, h, w) are: 1 less the correlation of neighbours, below and beside, (n,).

    Near 0 for a map that changes slowly, 1 for one whose pixels know nothing of their neighbours; 0 for
    a map that is the same everywhere.
    """
    found = []
    for one in maps.astype(np.float64):
        left = np.concatenate([one[:, :-1].ravel(), one[:-1].ravel()])
        right = np.concatenate([one[:, 1:].ravel(), one[1:].ravel()])
        found.append(1 - np.corrcoef(left, right)[0, 1] if np.ptp(one) > 0 else 0.0)
    return np.array(found)
