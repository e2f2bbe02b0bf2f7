"""Times PyTorch on the training that autoencoder-benchmark times: python3 autoencoder.py [samples features modes epochs]

A plain, careful script: data as one tensor on the device, Adam over all parameters, no validation, no logging. Times a
share of the epochs and scales up, since every epoch costs the same.
"""

import sys
import time

import torch
from torch import nn


class SparseAutoencoder(nn.Module):
    def __init__(self, features, modes, threshold=0.9):
        super().__init__()
        self.threshold = threshold
        self.encoder = nn.Sequential(
            nn.Linear(features, features), nn.Dropout(0.05), nn.ReLU(), nn.LayerNorm(features),
            nn.Linear(features, features), nn.Dropout(0.05), nn.ReLU(), nn.LayerNorm(features),
            nn.Linear(features, modes, bias=False),
        )
        self.atoms = nn.Parameter(nn.init.xavier_uniform_(torch.empty(modes, features)))
        with torch.no_grad():
            self.encoder[-1].weight *= 3  # about a tenth of the codes start on

    def forward(self, x):
        u = torch.sigmoid(self.encoder(x))
        z = torch.where(u >= self.threshold, u, 0.0)
        return z @ self.atoms, z


def matrix(samples, features):
    generator = torch.Generator().manual_seed(1)
    patterns = torch.randn(3 * features, features, generator=generator).clamp(min=0)
    choice = torch.randint(3 * features, (samples, 4), generator=generator)
    gain = torch.rand(samples, 4, 1, generator=generator)
    data = (patterns[choice] * gain).sum(1)
    data[:, : features // 2] *= -1
    return data / data.std()


def main():
    sizes = [int(a) for a in sys.argv[1:]]
    samples, features, modes, epochs = sizes + [6000, 16, 160, 800][len(sizes):]
    torch.manual_seed(0)
    torch.set_num_threads(1)
    data, model, batch = matrix(samples, features), SparseAutoencoder(features, modes), 128
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, 25, 0.98)

    def epoch():
        order = torch.randperm(samples)
        for start in range(0, samples - batch + 1, batch):
            x = data[order[start : start + batch]]
            reconstruction, _ = model(x)
            loss = ((reconstruction - x) ** 2).mean() + 1e-4 * model.atoms.abs().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()

    epoch()
    timed = max(1, epochs // 20)
    start = time.perf_counter()
    for _ in range(timed):
        epoch()
    seconds = (time.perf_counter() - start) / timed
    steps = samples // batch
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads: {samples}x{features}, {modes} modes: "
          f"{seconds / steps * 1e6:.0f} us a step, {seconds * epochs:.1f} s for {epochs} epochs")


if __name__ == "__main__":
    main()
