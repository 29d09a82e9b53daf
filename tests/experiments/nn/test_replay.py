"""Replayed trainings against ones that take each step; on a CPU both are the same calls."""

import pytest
import torch

from experiments.nn.replay import EAGER, Replay

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU: nothing is recorded here")


def training(where: torch.device, replayed: bool) -> tuple[list[float], torch.Tensor]:
    """Losses and final weights of a regression, with a shorter batch now and then."""
    torch.manual_seed(0)
    weights = torch.zeros(3, device=where, requires_grad=True)
    optimizer = torch.optim.Adam([weights], 0.1, capturable=where.type == "cuda")

    def step(given: torch.Tensor, offset: torch.Tensor | None) -> torch.Tensor:
        optimizer.zero_grad()
        loss = (given @ weights - given.sum(1) - (0 if offset is None else offset)).square().mean()
        loss.backward()
        optimizer.step()
        return loss.detach()

    call = Replay(step, where) if replayed else step
    batches = [torch.randn(5 if i % 3 else 2, 3).to(where) for i in range(6 * EAGER)]
    offset = torch.full((), 0.5, device=where)
    losses = [float(call(batch, offset if i % 2 else None)) for i, batch in enumerate(batches)]
    return losses, weights.detach().cpu()


@pytest.mark.parametrize("where", ["cpu", pytest.param("cuda", marks=on_gpu)])
def test_replayed_steps_lead_where_steps_lead(where) -> None:
    losses, weights = training(torch.device(where), replayed=True)
    expected, wanted = training(torch.device(where), replayed=False)
    assert losses == pytest.approx(expected, rel=1e-4)
    assert losses[-1] < losses[0] / 2
    torch.testing.assert_close(weights, wanted, rtol=1e-4, atol=1e-5)
