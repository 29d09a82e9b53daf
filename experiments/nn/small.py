"""Small networks for 32 x 32 images in the shapes of VGG, SqueezeNet and ViT.

They are torchvision's own classes with fewer and narrower layers, and keep torchvision's module
names, so that a layer of the small network is addressed like its counterpart in the large one.
"""

import torch
from torch import nn
from torchvision.models import SqueezeNet, VisionTransformer
from torchvision.models.squeezenet import Fire
from torchvision.models.vgg import VGG, make_layers
from torchvision.models.vision_transformer import ConvStemConfig

IMAGE_SIZE = 32
CLASSES = 26  # the letters that transfer/pretrain trains on


def vgg(classes: int) -> VGG:
    """VGG 11's first three stages at a quarter of its width, with batch normalisation.

    `classifier.1` and `classifier.4` are VGG16's relu6 and relu7, `classifier.6` its fc8.
    """
    with torch.device("meta"):  # VGG's own 25088 x 4096 classifier is replaced: never allocate it
        network = VGG(nn.Identity(), num_classes=classes, init_weights=False)
    network.features = make_layers([16, "M", 32, "M", 64, 64, "M"], batch_norm=True)
    network.avgpool = nn.AdaptiveAvgPool2d(4)
    network.classifier = nn.Sequential(
        nn.Linear(64 * 4 * 4, 128),
        nn.ReLU(inplace=True),
        nn.Dropout(0.2),
        nn.Linear(128, 128),
        nn.ReLU(inplace=True),
        nn.Dropout(0.2),
        nn.Linear(128, classes),
    )
    _initialize(network, last=network.classifier[6])
    return network


def squeezenet(classes: int) -> SqueezeNet:
    """SqueezeNet 1.1's eight fire modules at a quarter of its width or less.

    The first convolution has stride 1, since 32 pixels leave no room for four halvings, and batch
    normalisation follows each pooling: without it a few hundred iterations teach it nothing.
    `features.9`, `features.12` and `classifier.2` are fire6, fire9 and conv10, as in SqueezeNet.
    """
    network = SqueezeNet("1_1", num_classes=classes, dropout=0.1)
    network.features = nn.Sequential(
        nn.Conv2d(3, 16, kernel_size=3, padding=1),
        nn.ReLU(inplace=True),
        _pool(16),
        Fire(16, 8, 16, 16),
        Fire(32, 8, 16, 16),
        _pool(32),
        Fire(32, 16, 32, 32),
        Fire(64, 16, 32, 32),
        _pool(64),
        Fire(64, 24, 48, 48),
        Fire(96, 24, 48, 48),
        Fire(96, 32, 64, 64),
        Fire(128, 32, 64, 64),
    )
    scores = nn.Conv2d(128, classes, kernel_size=1)
    network.classifier[1] = scores
    # Scores start above zero: the ReLU that follows passes no gradient below it.
    _initialize(network, last=scores, score=0.5)
    return network


def _pool(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.MaxPool2d(3, stride=2, ceil_mode=True), nn.BatchNorm2d(channels))


def vit(classes: int) -> VisionTransformer:
    """A vision transformer of 3 layers of width 64 on 4 x 4 tokens.

    The tokens come from torchvision's convolutional stem instead of flat patches: a transformer
    learns faster with it (Xiao et al. 2021, arXiv:2106.14881).
    """
    return VisionTransformer(
        image_size=IMAGE_SIZE,
        patch_size=8,
        num_layers=3,
        num_heads=4,
        hidden_dim=64,
        mlp_dim=128,
        num_classes=classes,
        conv_stem_configs=[ConvStemConfig(width, kernel_size=3, stride=2) for width in (16, 32, 64)],
    )


def _initialize(network: nn.Module, last: nn.Module, score: float = 0.0) -> None:
    """He's initialisation for ReLU networks (He et al. 2015, arXiv:1502.01852).

    `last`, the layer of the class scores, starts near `score` for every class.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            if module is last:
                nn.init.normal_(module.weight, std=0.01)
            else:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.constant_(module.bias, score if module is last else 0.0)
