"""Times PyTorch on the training that training-benchmark times: python3 training.py [frames side history threads]

A plain, careful script: the movie as one tensor, windows gathered by index for each batch.
"""

import sys
import time

import torch
from torch import nn

sizes = [int(word) for word in sys.argv[1:]]
frames, side, history, threads = sizes + [4500, 24, 20, 2][len(sizes):]
cells, batch = 9, 128
torch.set_num_threads(threads)
torch.manual_seed(1)
first, second = 2 * int(0.15 * side) + 1, 2 * int(0.105 * side) + 1


class UnitNorm(nn.BatchNorm1d):
    """Batch norm of each unit, then noise and a rectifier."""

    def forward(self, x):
        y = super().forward(x.flatten(1)).view_as(x)
        return torch.relu(y + 0.1 * torch.randn_like(y))


width1, width2 = side - first + 1, side - first - second + 2
model = nn.Sequential(
    nn.Conv2d(history, 8, first, bias=False), UnitNorm(8 * width1 * width1, eps=1e-3),
    nn.Conv2d(8, 8, second, bias=False), UnitNorm(8 * width2 * width2, eps=1e-3),
    nn.Flatten(), nn.Linear(8 * width2 * width2, cells, bias=False), nn.BatchNorm1d(cells, eps=1e-3), nn.Softplus(),
)
movie = torch.randn(frames, side, side)
targets = torch.rand(frames - history, cells) * 2
adam = torch.optim.Adam(model.parameters(), lr=1e-3)
weights = [p for p in model.parameters() if p.ndim > 1]
lags = torch.arange(history)
for run in range(1, 5):
    order = torch.randperm(frames - history)
    start = time.perf_counter()
    for place in range(0, len(order) - batch + 1, batch):
        chosen = order[place:place + batch]
        rate = model(movie[chosen[:, None] + lags])
        loss = (rate - targets[chosen] * torch.log(rate + 1e-6)).mean()
        loss = loss + 1e-3 * sum((w**2).sum() for w in weights)
        adam.zero_grad()
        loss.backward()
        adam.step()
    print(f"epoch {run}: {time.perf_counter() - start:.3f} s, {threads} threads")
