"""Features made by hand."""

import json

import numpy as np
import pytest

from report import stage


@pytest.fixture
def features(tmp_path):
    """Makes a result of transfer/features: clouds about three corners, `spread` wide.

    60 training and 90 test images of three classes; test images 3 and 40 are training images too.
    """

    def make(name: str, family: str, spreads: dict[str, float], seed: int = 0) -> stage.Result:
        folder = tmp_path / name
        folder.mkdir()
        rng = np.random.default_rng(seed)
        for part, count in (("train", 20), ("test", 30)):
            labels = np.repeat(np.arange(3), count)
            np.save(folder / f"{part}-labels.npy", labels)
            for layer, spread in spreads.items():
                clouds = np.eye(3)[labels] * 4 + rng.normal(0, spread, (len(labels), 3))
                np.save(folder / f"{part}-{layer}.npy", clouds.astype(np.float32))
        duplicates = np.zeros(90, dtype=bool)
        duplicates[[3, 40]] = True
        np.save(folder / "test-duplicates.npy", duplicates)
        contents = np.arange(150)
        contents[[60 + 3, 60 + 40]] = [2, 25]  # the two test images that are training images too
        np.save(folder / "contents.npy", contents)
        metrics = {
            "backbone": name,
            "title": name.title(),
            "family": family,
            "dataset_title": "clouds",
            "class_names": ["a", "b", "c"],
            "classes": 3,
            "train": 60,
            "test": 90,
            "duplicate_groups": 2,
            "test_duplicates": 2,
            "conflicting_duplicates": 0,
            "layers": [{"label": f"{k} layer", "array": k, "dimensions": 3} for k in spreads],
        }
        (folder / "metrics.json").write_text(json.dumps(metrics))
        return stage.Result("transfer/features", {"backbone": name}, folder)

    return make
