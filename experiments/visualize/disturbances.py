"""What is done to a fooled picture, or in the place of the attack, to see what the attack rests on.

Perturbations are in grey levels, float (n, 3, h, w); pictures as they are saved, uint8 (n, h, w, 3).
"""

import io

import numpy as np
import torch
from PIL import Image


def lengths(perturbation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of each of n perturbations the L2 norm, the L∞ norm and the root mean square, in grey levels."""
    flat = perturbation.flatten(1)
    l2 = flat.norm(dim=1)
    return l2, flat.abs().amax(dim=1), l2 / flat.shape[1] ** 0.5


def noise(perturbation: torch.Tensor, seed: int) -> torch.Tensor:
    """Gaussian noise with the L2 norm of each perturbation."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(perturbation.shape, generator=generator).to(perturbation.device)
    scale = perturbation.flatten(1).norm(dim=1) / drawn.flatten(1).norm(dim=1)
    return drawn * scale.view(-1, 1, 1, 1)


def shuffled(perturbation: torch.Tensor, seed: int) -> torch.Tensor:
    """Each perturbation with its pixels in a random order: the same colours, other places."""
    generator = torch.Generator().manual_seed(seed)
    flat = perturbation.flatten(2)
    orders = torch.stack([torch.randperm(flat.shape[2], generator=generator) for _ in flat])
    places = orders.to(flat.device)[:, None].expand_as(flat)
    return flat.gather(2, places).view_as(perturbation)


def jpeg(pictures: np.ndarray, quality: int) -> np.ndarray:
    """The pictures after they were saved as JPEG and read again (Pillow, 4:2:0 chroma)."""
    read = []
    for picture in pictures:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        read.append(np.asarray(Image.open(file)))
    return np.stack(read)


def cosines(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The cosine of the angle between each of n perturbations and its counterpart, (n,)."""
    return torch.nn.functional.cosine_similarity(first.flatten(1), second.flatten(1))
