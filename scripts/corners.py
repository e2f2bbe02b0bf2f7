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
from torch.autograd import forward_ad

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

    call: int
    unit: int
    inputs: list
    slopes: list

    def added(self, z):
        return z.flatten()[self.inputs] @ z.new_tensor(self.slopes)


class Pass:
    """A network's pass: logits, the values at its taps, and each unit with corners, some of them switched."""

    def __init__(self, net, inputs, taps, switches=(), directions=None):
        self.net, self.inputs, self.taps, self.calls = net, inputs, dict.fromkeys(taps), []
        self.switches, self.directions, self.tangents = switches, directions, []
        hooks = [m.register_forward_hook(self.corner) for m in net.modules() if type(m) in (*JUMPS, nn.MaxPool2d)]
        hooks += [net.get_submodule(name).register_forward_hook(partial(self.tap, name)) for name in taps]
        self.logits = net(inputs.clone().requires_grad_())
        self.top = self.logits.max(1).values.sum()
        for hook in hooks:
            hook.remove()

    def tap(self, name, module, inputs, output):
        self.taps[name] = output
        if self.directions:
            plain, tangent = forward_ad.unpack_dual(output)
            direction = self.directions[name]
            return forward_ad.make_dual(plain, direction if tangent is None else direction + tangent)

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
        if self.directions:
            self.tangents.append(forward_ad.unpack_dual(z).tangent)
        return output

    def gradients(self, of=None):
        """Of the top logit at the taps, or of another scalar; zero where it does not depend on a tap."""
        layers = list(self.taps.values())
        found = torch.autograd.grad(self.top if of is None else of, layers, retain_graph=True, allow_unused=True)
        return [torch.zeros_like(h) if g is None else g for h, g in zip(layers, found)]

    def layers(self):
        """Each tap's value and gradient."""
        return {n: (h.detach().numpy(), g.numpy()) for (n, h), g in zip(self.taps.items(), self.gradients())}

    def slopes(self, switches):
        """Of the top logit with respect to each unit that switches."""
        if not switches:
            return []
        slopes = torch.autograd.grad(self.top, [output for _, _, output in self.calls], retain_graph=True)
        return [slopes[switch.call].flatten()[switch.unit] for switch in switches]

    def effects(self, switches):
        """What each switch alone changes in the gradients at the taps."""
        for switch, slope in zip(switches, self.slopes(switches)):
            yield [g.numpy() for g in self.gradients(switch.added(self.calls[switch.call][1]) * slope)]

    def correlations(self, switches, directions):
        """The products of each switch's effect with a direction at each tap, all by one pass in forward mode."""
        with torch.no_grad(), forward_ad.dual_level():
            tangents = Pass(self.net, self.inputs, self.taps, directions=directions).tangents
        return [
            0.0 if tangents[switch.call] is None else (switch.added(tangents[switch.call]) * slope).item()
            for switch, slope in zip(switches, self.slopes(switches))]


def undecided(single, double):
    """Switches of units nearer to a corner than their layer's largest error in single precision."""
    found = []
    for call, ((_, rounded, _), (module, z, _)) in enumerate(zip(single.calls, double.calls)):
        error = (rounded - z).detach().abs().max()
        if isinstance(module, nn.MaxPool2d):
            found += ties(call, module, z.detach(), 2 * error)
            continue
        for corner, jump in JUMPS[type(module)].items():
            above = (z.detach() - corner).flatten()
            for unit in (above.abs() < error).nonzero().flatten().tolist():
                found.append(Switch(call, unit, [unit], [-jump if above[unit] > 0 else jump]))
    return found


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
    near = (values[:, 0] - values[:, 1] < error) & (values[:, 1].abs() > 1e3 * ORDER)
    for unit in near.nonzero().flatten().tolist():
        largest, second = windows[1][unit, order[unit]].long().tolist()
        yield Switch(call, unit, [largest, second], [-1.0, 1.0])


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
