"""Rectifiers whose slope single precision cannot decide, and the gradients of a network in which some of them switch.

Where the input of a rectifier (or hard swish, hard sigmoid, or the difference of a pooling window's two largest) is nearer
to its corner than single precision's error, rounding decides its slope. Among millions of units some always are. A switched
unit keeps its value and has the slope of the corner's other side: then the gradients of everything below it move, in double
precision as in any program.
"""
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# Where each function has corners, and by how much its slope jumps there.
JUMPS = {
    nn.ReLU: {0: 1}, nn.ReLU6: {0: 1, 6: -1}, nn.Hardsigmoid: {-3: 1 / 6, 3: -1 / 6}, nn.Hardswish: {-3: -0.5, 3: -0.5},
}
# A rectifier's zeros keep the order of their inputs, so far below everything else that only pooling sees it: of all zeros
# it takes the one that is the largest as soon as it switches.
ORDER = 1e-20


@dataclass
class Switch:
    """A unit on the other side: what is added to its slopes with respect to some inputs (places in flattened tensors)."""

    distance: float  # from the corner, over single precision's error
    call: int
    unit: int
    inputs: list
    slopes: list

    def added(self, z):
        return z.flatten()[self.inputs] @ z.new_tensor(self.slopes)


class Pass:
    """A network's pass: logits, the values at its taps, and each unit with corners, some of them switched."""

    def __init__(self, net, inputs, taps, switches=()):
        self.taps, self.calls, self.switches = dict.fromkeys(taps), [], switches
        hooks = [m.register_forward_hook(self.corner) for m in net.modules() if type(m) in (*JUMPS, nn.MaxPool2d)]
        hooks += [net.get_submodule(name).register_forward_hook(partial(self.tap, name)) for name in taps]
        self.logits = net(inputs.clone().requires_grad_())
        self.top = self.logits.max(1).values.sum()
        for hook in hooks:
            hook.remove()

    def tap(self, name, module, inputs, output):
        self.taps[name] = output

    def corner(self, module, inputs, output):
        (z,) = inputs
        if isinstance(module, nn.ReLU):
            output = output + ORDER * z.detach().clamp(max=0)
        for switch in self.switches:
            if switch.call == len(self.calls):
                added, place = switch.added(z), torch.tensor(switch.unit)
                # Zero, with the slopes that are to be added.
                output = output.flatten().index_add(0, place, (added - added.detach())[None]).view_as(output)
        self.calls.append((module, z, output))
        return output

    def gradients(self, of=None):
        """Of the top logit at the taps, or of another scalar; zero where it does not depend on a tap."""
        layers = list(self.taps.values())
        found = torch.autograd.grad(self.top if of is None else of, layers, retain_graph=True, allow_unused=True)
        return [torch.zeros_like(h) if g is None else g for h, g in zip(layers, found)]

    def layers(self):
        """Each tap's value and gradient."""
        return {n: (h.detach().numpy(), g.numpy()) for (n, h), g in zip(self.taps.items(), self.gradients())}

    def effects(self, switches):
        """What each switch alone changes in the gradients at the taps, where it changes any."""
        outputs = [output for _, _, output in self.calls]
        slopes = torch.autograd.grad(self.top, outputs, retain_graph=True) if outputs else ()
        for switch in switches:
            slope = slopes[switch.call].flatten()[switch.unit]
            change = self.gradients(switch.added(self.calls[switch.call][1]) * slope)
            if any(g.any() for g in change):
                yield switch, [g.numpy() for g in change]


def undecided(single, double):
    """Switches of units nearer to a corner than their layer's largest error in single precision, the nearest first."""
    found = []
    for call, ((_, rounded, _), (module, z, _)) in enumerate(zip(single.calls, double.calls)):
        error = (rounded - z).detach().abs().max()
        if isinstance(module, nn.MaxPool2d):
            found += ties(call, module, z.detach(), 2 * error)
            continue
        for corner, jump in JUMPS[type(module)].items():
            distances = ((z.detach() - corner) / error).flatten()
            for unit in (distances.abs() < 1).nonzero().flatten().tolist():
                above = distances[unit].item()
                found.append(Switch(abs(above), call, unit, [unit], [-jump if above > 0 else jump]))
    return sorted(found, key=lambda switch: switch.distance)


def ties(call, pool, z, error):
    """Windows whose second largest could be the largest; not among a rectifier's zeros, which pass nothing on."""
    places = torch.arange(z.numel(), dtype=z.dtype).view_as(z)
    windows = []
    for values, outside in ((z, -torch.inf), (places, 0)):
        values = F.pad(values, (pool.padding,) * 4, value=outside)
        for axis in (2, 3):
            values = values.unfold(axis, pool.kernel_size, pool.stride)
        windows.append(values.flatten(-2).flatten(0, -2))
    values, order = windows[0].topk(2)
    distances = (values[:, 0] - values[:, 1]) / error
    for unit in ((distances < 1) & (values[:, 1].abs() > 1e3 * ORDER)).nonzero().flatten().tolist():
        largest, second = windows[1][unit, order[unit]].long().tolist()
        yield Switch(distances[unit].item(), call, unit, [largest, second], [-1.0, 1.0])


def chosen(effects, deviation):
    """Which effects to add up to come nearest to a deviation: one at a time taken or given back, the best first."""
    on = np.zeros(len(effects), bool)
    rows = np.reshape(effects, (len(effects), deviation.size))
    products, along = rows @ rows.T, rows @ deviation
    while len(effects):
        sign = np.where(on, -1, 1)
        gain = 2 * sign * along - np.diag(products)
        best = gain.argmax()
        if not gain[best] > 1e-9 * products[best, best]:
            break
        along -= sign[best] * products[best]
        on[best] ^= True
    return on
