"""Style numbers of pictures made by hand, and what columns share, against an analysis of variance."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from experiments.generate import styles


def bar(slope: float, thickness: int, level: int = 200) -> np.ndarray:
    """A bar of 20 rows that goes `slope` pixels to the right with each row upwards, 64 x 64."""
    picture = np.zeros((64, 64), dtype=np.uint8)
    for row in range(20):
        left = 32 + round(slope * (10 - row))
        picture[22 + row, left : left + thickness] = level
    return picture


def test_an_upright_bar_has_no_slant_and_the_width_of_a_uniform_distribution() -> None:
    found = styles.measure(np.stack([bar(0, 5), bar(0, 9, 100)]))
    assert found["slant"] == pytest.approx([0, 0], abs=1e-9)
    assert found["width"] == pytest.approx([np.sqrt((5**2 - 1) / 12), np.sqrt((9**2 - 1) / 12)])
    assert found["ink"] == pytest.approx([20 * 5 * 200 / 64**2, 20 * 9 * 100 / 64**2])


@pytest.mark.parametrize("slope", [-1, 1])
def test_the_slant_is_the_angle_to_the_right_and_the_width_does_not_count_it(slope) -> None:
    found = styles.measure(bar(slope, 5)[None])
    assert found["slant"] == pytest.approx([45 * slope])
    assert found["width"] == pytest.approx([np.sqrt(2)])


def test_faint_background_and_empty_pictures_do_not_count() -> None:
    noisy = np.maximum(
        bar(1, 5), np.random.default_rng(0).integers(0, styles.FAINT, (64, 64), dtype=np.uint8)
    )
    clean, dirty = (styles.measure(picture[None]) for picture in (bar(1, 5), noisy))
    assert {name: values.item() for name, values in dirty.items()} == pytest.approx(
        {name: values.item() for name, values in clean.items()}
    )
    empty = styles.measure(np.full((2, 8, 8), 5, dtype=np.uint8))
    assert all((values == 0).all() for values in empty.values())
    assert set(empty) == set(styles.NAMES)


def test_the_intraclass_correlation_is_that_of_the_analysis_of_variance() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(12, 4)) + rng.normal(size=(12, 1)) + np.arange(4)
    table = pd.DataFrame(
        [(i, j, values[i, j]) for i in range(12) for j in range(4)], columns=["noise", "digit", "y"]
    )
    squares = anova_lm(ols("y ~ C(noise) + C(digit)", data=table).fit())["mean_sq"]
    between, within = squares["C(noise)"], squares["Residual"]
    assert styles.intraclass(values) == pytest.approx((between - within) / (between + 3 * within))


def test_the_intraclass_correlation_is_the_share_of_the_variance_between_columns() -> None:
    rng = np.random.default_rng(2)
    own, common = rng.normal(size=(4000, 10)), rng.normal(size=(4000, 1))
    assert styles.intraclass(common * 2 + own) == pytest.approx(4 / 5, abs=0.02)
    assert styles.intraclass(own) == pytest.approx(0, abs=0.02)
    assert styles.intraclass(common + np.arange(10.0)) == pytest.approx(1)
    assert styles.intraclass(np.ones((5, 3))) == 0
    with pytest.raises(ValueError, match="no intraclass correlation of 1 columns"):
        styles.intraclass(np.ones((1, 3)))


def test_what_columns_share_lies_above_that_of_shuffled_ones_and_else_among_it() -> None:
    rng = np.random.default_rng(3)
    own, common = rng.normal(size=(60, 10)), rng.normal(size=(60, 1))
    together = styles.shared(own + common, 199, seed=0)
    assert together.share > together.high > 0 > together.low and together.p == 1 / 200
    ps = [styles.shared(rng.normal(size=(20, 5)), 99, seed).p for seed in range(60)]
    assert np.mean(np.array(ps) <= 0.2) == pytest.approx(0.2, abs=0.15)
    assert styles.shared(own + common, 199, seed=0) == together


def test_classes_count_alike_whatever_their_scale_and_constant_ones_share_nothing() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(50, 3)) + rng.normal(size=(50, 1))
    scales = np.array([1, 100, 0.01])
    assert styles.shared(values * scales + 7, 19, 0).share == pytest.approx(
        styles.shared(values, 19, 0).share
    )
    assert styles.shared(np.ones((5, 3)) * 0.1, 19, 0).share == 0
