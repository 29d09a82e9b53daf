"""The stages that train, on a few of scikit-learn's digits."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from experiments.generate import cdcgan, dcgan
from experiments.generate.dcgan import VariantName, describe, refusal
from experiments.generate.kept import load_generator, sample
from report.errors import ColophonError

TINY = {
    "source": "digits",
    "train_images": 48,
    "batch_size": 16,
    "epochs": 1,
    "generator": 2,
    "discriminator": 2,
    "seeds": (1, 2),
    "display_every": 2,
}


def test_dcgan_writes_what_its_metrics_tell_of(run_stage) -> None:
    metrics, result = run_stage(dcgan, **TINY, more_seeds=(3,))
    assert [run.seed for run in metrics.runs] == [1, 2, 3]
    assert (metrics.slug, metrics.iterations, metrics.displayed) == ("default", 3, [0, 2, 3])
    assert metrics.training_set == "48 training digits" and metrics.data_title == "handwritten digits"
    frames, samples = result.array("frames"), result.array("samples")
    assert frames.shape == (3, 64, 32, 32) and samples.shape == (3, 64, 32, 32)
    assert np.array_equal(frames[-1], samples[0]) and not np.array_equal(samples[0], samples[1])
    losses = result.array("losses-2")
    assert losses.shape == (3, 4) and losses.dtype == np.float32
    run = metrics.runs[1]
    assert [run.loss_d, run.loss_g, run.real, run.fake] == pytest.approx(losses.mean(0))
    assert metrics.loss_g.value == pytest.approx(np.mean([run.loss_g for run in metrics.runs]))
    generator = load_generator(result, 2)
    assert sum(p.numel() for p in generator.parameters()) == metrics.parameters_generator
    assert sample(generator, 3, 1).shape == (3, 32, 32)


def test_the_same_seeds_give_the_same_metrics(run_stage) -> None:
    first, again = (run_stage(dcgan, folder=name, **TINY)[0] for name in ("first", "again"))
    assert first == again


def test_other_variants_have_fewer_seeds_and_try_no_beta(run_stage) -> None:
    metrics, result = run_stage(dcgan, **TINY | {"variant": "size-64", "display_every": 100})
    assert [run.seed for run in metrics.runs] == [1, 2] and metrics.refused is None
    assert metrics.size == 64 and result.array("samples").shape == (2, 64, 64, 64)
    assert metrics.displayed == [0, 3]


@pytest.mark.parametrize("name", VariantName.__args__)
def test_a_variant_departs_from_the_default_in_its_own_setting_alone(name) -> None:
    default, found = (describe(dcgan.Settings(variant=v)) for v in ("default", name))
    assert found.shape.noise == {"noise-small": 10, "noise-large": 1000}.get(name, 100)
    assert found.shape.generator == {"generator-narrow": 8, "generator-wide": 128}.get(name, 32)
    assert found.shape.discriminator == {"discriminator-narrow": 8, "discriminator-wide": 128}.get(name, 32)
    rates = {"rates-equal": (2e-4, 2e-4), "rates-low": (2e-5, 2e-5)}.get(name, (2e-4, 5e-4))
    assert (found.recipe.learning_rate_d, found.recipe.learning_rate_g) == rates
    assert found.recipe.beta1 == {"beta-low": 0.1, "beta-high": 0.9, "beta-higher": 0.99}.get(name, 0.5)
    assert found.recipe.epochs == (30 if name == "long" else 5)
    assert (found.recipe.loss == "saturating") == (name == "saturating")
    assert (found.initialisation == "torch") == (name == "torch-init")
    assert found.shape.size == (64 if name == "size-64" else 32)
    changed = [
        field
        for part in ("shape", "recipe")
        for field, value in vars(getattr(found, part)).items()
        if value != vars(getattr(default, part))[field]
    ]
    changed += ["initialisation"] if found.initialisation != default.initialisation else []
    assert len(changed) == {"default": 0, "rates-low": 2}.get(name, 1)


def test_adam_refuses_the_beta_that_a_published_report_names() -> None:
    told = refusal()
    assert told and "1.0" in told and "beta" in told


def test_cdcgan_writes_grids_whose_columns_are_classes_and_whose_shared_noise_is_one(run_stage) -> None:
    metrics, result = run_stage(cdcgan, **TINY)
    assert [found.slug for found in metrics.variants] == ["conditional", "blind"]
    seeing, blind = metrics.variants
    assert seeing.parameters_generator == blind.parameters_generator
    assert seeing.parameters_discriminator > blind.parameters_discriminator
    for found in metrics.variants:
        frames, samples = (result.array(f"{found.slug}-{name}") for name in ("frames", "samples"))
        assert frames.shape == (3, 100, 32, 32) and samples.shape == (2, 100, 32, 32)
        assert np.array_equal(frames[-1], samples[0])
        assert result.array(f"{found.slug}-losses-1").shape == (3, 4)
        columns = result.array(f"{found.slug}-columns")
        assert columns.shape == (10, 15, 32, 32)
        generator = load_generator(result, 1, found.slug)
        again = sample(generator, 15, cdcgan.COLUMNS_SEED, torch.full((15,), 7))
        # The batches differ in size, and with it the last bit before rounding.
        assert np.abs(again.astype(int) - columns[7]).max() <= 1


@pytest.mark.parametrize("stage", [dcgan, cdcgan])
@pytest.mark.parametrize(
    "wrong", [{"noise": 0}, {"beta1": 1.0}, {"beta1": -0.1}, {"beta2": 1.0}, {"seeds": (1,)}]
)
def test_settings_that_no_training_can_have_are_refused(stage, wrong) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        stage.Settings(**wrong)


def test_more_pictures_a_batch_than_there_are_is_told(run_stage) -> None:
    with pytest.raises(ColophonError, match="48 training images do not fill one batch of 64"):
        run_stage(dcgan, **TINY | {"batch_size": 64})
