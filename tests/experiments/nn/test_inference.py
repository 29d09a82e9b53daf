import numpy as np
import torch
from PIL import Image
from torchvision.transforms import v2

from experiments.data.photos import Photo
from experiments.nn import backbones, inference

RNG = np.random.default_rng(0)


def random_photo(index: int) -> Photo:
    pixels = RNG.integers(0, 256, (40 + index, 30, 3), dtype=np.uint8)
    return Photo(str(index), None, lambda: Image.fromarray(pixels))


def test_logits_are_those_of_torchvisions_own_preparation_in_order() -> None:
    backbone = backbones.find("small/vit")
    torch.manual_seed(0)
    network = backbone.build().eval()
    photos = [random_photo(index) for index in range(19)]
    prepare = v2.Compose(
        [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(backbone.mean, backbone.std)]
    )
    pictures = [prepare(p.read().resize((32, 32), Image.Resampling.BILINEAR)) for p in photos]
    with torch.no_grad():
        oracle = network(torch.stack(pictures))
    found = np.concatenate(list(inference.of_photos(network, backbone, photos)))
    np.testing.assert_allclose(found, oracle, rtol=1e-4, atol=1e-5)
