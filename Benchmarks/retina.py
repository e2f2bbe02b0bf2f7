"""The full-size retina network in PyTorch, written as a good PyTorch programmer would: the yardstick of
`retina-benchmark`. Weights frozen, gradients only at the two tapped tensors, trapezoid streamed over steps.

    pip install torch && python3 Benchmarks/retina.py

Network: 40×50×50 → conv 8×15×15 → per-unit norm → ReLU → conv 8×11×11 → per-unit norm → ReLU → dense 17 → norm →
softplus; target surprisal; integrated gradients with 20 steps; taps conv1 and conv2, split by sign and summed
over space. Prints milliseconds a frame (median of five batches) on two threads.
"""
import time

import torch
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(2)

HISTORY, SIZE, CELLS, STEPS, BATCH = 40, 50, 17, 20, 8


class RetinaCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(HISTORY, 8, 15)
        self.norm1 = nn.BatchNorm1d(8 * 36 * 36, eps=1e-3)
        self.conv2 = nn.Conv2d(8, 8, 11)
        self.norm2 = nn.BatchNorm1d(8 * 26 * 26, eps=1e-3)
        self.dense = nn.Linear(8 * 26 * 26, CELLS, bias=False)
        self.norm3 = nn.BatchNorm1d(CELLS, eps=1e-3)

    def forward(self, x):
        c1 = self.conv1(x)
        r1 = torch.relu(self.norm1(c1.flatten(1))).view(-1, 8, 36, 36)
        c2 = self.conv2(r1)
        r2 = torch.relu(self.norm2(c2.flatten(1)))
        return c1, c2, nn.functional.softplus(self.norm3(self.dense(r2)))


def surprisal(y, mean, precision):
    d = y - mean
    return 0.5 * torch.einsum("bi,ij,bj->b", d, precision, d)


def contributions(net, x, mean, precision):
    """Integrated gradients along the straight path from zero, both taps in one pass per step."""
    sums, previous = [0.0, 0.0], None
    for k in range(STEPS + 1):
        xk = (x * (k / STEPS)).requires_grad_(True)
        c1, c2, y = net(xk)
        g1, g2 = torch.autograd.grad(surprisal(y, mean, precision).sum(), (c1, c2))
        current = [(c1.detach(), g1), (c2.detach(), g2)]
        if previous is not None:
            for i, ((h, g), (h0, g0)) in enumerate(zip(current, previous)):
                sums[i] = sums[i] + 0.5 * (g + g0) * (h - h0)
        previous = current
    return [(s.clamp(max=0).sum((2, 3)), s.clamp(min=0).sum((2, 3))) for s in sums]


def main():
    net = RetinaCNN().eval().requires_grad_(False)
    movie = torch.randn(BATCH + HISTORY - 1, SIZE, SIZE)
    x = movie.unfold(0, HISTORY, 1).permute(0, 3, 1, 2).contiguous()
    y = net(x)[2]
    mean, precision = y.mean(0), torch.eye(CELLS)
    contributions(net, x, mean, precision)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        contributions(net, x, mean, precision)
        times.append((time.perf_counter() - start) / BATCH * 1000)
    print(f"lean PyTorch {torch.__version__}: {sorted(times)[2]:.1f} ms a frame")


if __name__ == "__main__":
    main()
