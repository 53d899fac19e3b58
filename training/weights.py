"""The weights of a network in training: moved in float32, run in bfloat16, averaged over the last steps."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

DECAY = 0.998  # of the average, once there are steps enough


class Weights:
    """The trained weights of a network, which itself is turned to bfloat16: twice as fast where the CPU knows it.

    Weights that require no gradient stay as they are.
    """

    def __init__(self, network: nn.Module, *, rate: float, faster: tuple[str, ...] = ()) -> None:
        named = {name: value for name, value in network.named_parameters() if value.requires_grad}
        self.master = {name: value.detach().clone().requires_grad_(True) for name, value in named.items()}
        self.average = {name: value.detach().clone() for name, value in self.master.items()}
        network.bfloat16()
        self._running = {name: value for name, value in network.named_parameters() if name in named}
        self._rate = rate
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [value], "lr": rate, "factor": 5.0 if name.startswith(faster) else 1.0}
                for name, value in self.master.items()
            ],
            weight_decay=0.01,
        )
        self.steps = 0

    def step(self, loss: Tensor, *, steps: int) -> float:
        """Move the weights down the loss, and return the rate: a warm-up, then a linear fall over the last 60 %."""
        share = min(1.0, (self.steps + 1) / 100, (steps - self.steps) / (0.6 * steps))
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * share * group["factor"]
        torch.autograd.backward(loss)
        for name, value in self.master.items():
            gradient, self._running[name].grad = self._running[name].grad, None
            value.grad = None if gradient is None else gradient.float()
        torch.nn.utils.clip_grad_norm_(self.master.values(), 1.0)
        self._optimizer.step()
        decay = min(DECAY, self.steps / (self.steps + 10))
        with torch.no_grad():
            torch._foreach_copy_(list(self._running.values()), list(self.master.values()))
            torch._foreach_lerp_(list(self.average.values()), list(self.master.values()), 1 - decay)
        self.steps += 1
        return self._rate * share

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "network": {name: value.detach() for name, value in self.master.items()},
            "optimizer": self._optimizer.state_dict(),
            "average": self.average,
            "step": self.steps,
        }
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        saved = torch.load(path, weights_only=True)
        self._optimizer.load_state_dict(saved["optimizer"])
        self.average, self.steps = saved["average"], saved["step"]
        with torch.no_grad():
            torch._foreach_copy_(list(self.master.values()), list(saved["network"].values()))
            torch._foreach_copy_(list(self._running.values()), list(self.master.values()))
