"""ResNet-50 and ViT-B/16 in PyTorch: the yardsticks of `vision-benchmark`.

    pip install torch torchvision safetensors
    python3 Benchmarks/vision_models.py FOLDER
    python3 Benchmarks/vision.py FOLDER (resnet50|vit) (lean|library) [images]

Integrated gradients of the largest logit (resnet50) or softmax probability (vit), 10 steps, trapezoid.

lean: what a good PyTorch programmer writes. Weights frozen, gradients of the tapped tensors alone, all taps in one
pass, the path's points in the batch dimension, the sum on tensors. resnet50: 16 block outputs; vit: 36 taps.
library: how the published library goes about it. Weights keep requiring gradients, every point's values and gradients
of the layers are kept, moved to NumPy and summed there; for vit one kind of layer (12 block outputs) at a time.
Prints seconds an image, median of `images`, on two threads.
"""
import sys
import time

import numpy as np
import torch
import torchvision
from safetensors.torch import load_file

STEPS = 10


def load(folder, name):
    if name == "resnet50":
        net = torchvision.models.resnet50(weights=None)
        net.load_state_dict(load_file(f"{folder}/resnet50.safetensors"))
        taps = [block for stage in (net.layer1, net.layer2, net.layer3, net.layer4) for block in stage]
        return net.eval(), {"block": taps}
    net = torchvision.models.vit_b_16(weights=None)
    net.load_state_dict(load_file(f"{folder}/vit_torchvision.safetensors"))
    blocks = list(net.encoder.layers)
    return net.eval(), {
        "token": blocks,
        "mlp": [block.mlp[1] for block in blocks],
        # What enters the output projection is not to be hooked in nn.MultiheadAttention: the mixed heads are taken
        # behind it, which costs the same.
        "attention": [block.self_attention for block in blocks],
    }


def target(logits, name):
    y = logits if name == "resnet50" else logits.softmax(-1)
    return y.max(-1).values.sum()


def hook(modules, keep):
    def store(module, inputs, output):
        keep.append(output[0] if isinstance(output, tuple) else output)

    return [module.register_forward_hook(store) for module in modules]


def lean(net, taps, x, name):
    net.requires_grad_(False)
    kept = []
    handles = hook([module for kind in taps.values() for module in kind], kept)
    along = torch.linspace(0, 1, STEPS + 1).view(-1, 1, 1, 1)
    logits = net((along * x).requires_grad_(True))
    gradients = torch.autograd.grad(target(logits, name), kept)
    for handle in handles:
        handle.remove()
    results = []
    for h, g in zip(kept, gradients):
        h = h.detach()
        c = (0.5 * (g[1:] + g[:-1]) * (h[1:] - h[:-1])).sum(0)
        axis = 0 if c.ndim == 2 else (1, 2)
        results.append((c.clamp(max=0).sum(axis), c.clamp(min=0).sum(axis)))
    return results


def library(net, taps, x, name):
    net.requires_grad_(True)
    results = []
    values, slopes = [], []
    for k in range(STEPS + 1):
        kept = []
        handles = hook(taps, kept)
        net.zero_grad()
        logits = net((x * (k / STEPS)).requires_grad_(True))
        for tensor in kept:
            tensor.retain_grad()
        target(logits, name).backward()
        for handle in handles:
            handle.remove()
        values.append([tensor.detach().numpy() for tensor in kept])
        slopes.append([tensor.grad.numpy() for tensor in kept])
    for layer in range(len(taps)):
        h = np.stack([v[layer] for v in values])
        g = np.stack([s[layer] for s in slopes])
        c = (0.5 * (g[1:] + g[:-1]) * (h[1:] - h[:-1])).sum(0)[0]
        axis = 0 if c.ndim == 2 else (1, 2)
        results.append((np.minimum(c, 0).sum(axis), np.maximum(c, 0).sum(axis)))
    return results


def main():
    folder, name, way = sys.argv[1:4]
    images = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    torch.set_num_threads(2)
    net, taps = load(folder, name)
    inputs = load_file(f"{folder}/input.safetensors")["input"]
    times = []
    for image in range(images + 1):
        x = inputs[image % 8 : image % 8 + 1]
        start = time.perf_counter()
        if way == "lean":
            results = lean(net, taps, x, name)
        else:
            results = library(net, taps["block" if name == "resnet50" else "token"], x, name)
        times.append(time.perf_counter() - start)
    seconds = sorted(times[1:])[images // 2]
    print(f"{way} PyTorch {torch.__version__}, {name}: {seconds:.2f} s an image, {len(results)} layers", flush=True)


if __name__ == "__main__":
    main()
