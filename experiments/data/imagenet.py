"""The classes of ImageNet-1k in the order of the networks' outputs: names and WordNet ids."""

import re

from timm.data.imagenet_info import ImageNetInfo
from torchvision.models import VGG16_Weights

CLASSES: list[str] = VGG16_Weights.IMAGENET1K_V1.meta["categories"]
WORDNET_IDS: list[str] = ImageNetInfo("imagenet-1k").label_names()


def label_of(file: str) -> int | None:
    """The class of a file that is named after it, `n01883070_wombat.jpg`; None for other names."""
    found = re.match(r"n\d{8}(?!\d)", file.rsplit("/", 1)[-1])
    return WORDNET_IDS.index(found[0]) if found and found[0] in WORDNET_IDS else None
