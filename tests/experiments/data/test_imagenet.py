import pytest

from experiments.data import imagenet


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("n01883070_wombat.jpg", "wombat"),
        ("n02086240_Shih-Tzu.jpg", "Shih-Tzu"),
        ("folder/n02105505.png", "komondor"),
        ("n01440764_x.jpg", "tench"),
        ("n15075141.jpg", "toilet tissue"),
    ],
)
def test_a_wordnet_id_leads_to_the_name_that_torchvision_gives_the_class(file: str, name: str) -> None:
    label = imagenet.label_of(file)
    assert label is not None and imagenet.CLASSES[label] == name


def test_classes_are_in_the_order_of_their_wordnet_ids() -> None:
    assert sorted(imagenet.WORDNET_IDS) == imagenet.WORDNET_IDS
    assert len(imagenet.WORDNET_IDS) == len(imagenet.CLASSES) == 1000


@pytest.mark.parametrize("file", ["cat.jpg", "n00000000_nothing.jpg", "n018830701.jpg", "xn01883070.jpg"])
def test_other_names_have_no_class(file: str) -> None:
    assert imagenet.label_of(file) is None
