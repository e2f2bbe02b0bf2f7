"""Draws the pictures that the bundled small ResNet tells apart: five shapes in four colours on coloured noise."""

import json
import pathlib

import numpy as np
from PIL import Image

SHAPES = ["disc", "square", "triangle", "cross", "ring"]
COLOURS = {"red": (0.95, 0.15, 0.15), "green": (0.2, 0.75, 0.35), "blue": (0.25, 0.35, 0.9), "yellow": (0.92, 0.85, 0.3)}
SIDE = 96


def inside(shape: str, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Which points belong to a shape of radius one around the origin."""
    radius = np.hypot(y, x)
    if shape == "disc":
        return radius < 0.85
    if shape == "square":
        return np.maximum(abs(y), abs(x)) < 0.75
    if shape == "ring":
        return (radius < 0.85) & (radius > 0.45)
    if shape == "cross":
        return ((abs(y) < 0.3) & (abs(x) < 0.85)) | ((abs(x) < 0.3) & (abs(y) < 0.85))
    # Inside the three sides, the tip above.
    corners = [-np.pi / 2 + 2 * np.pi * k / 3 for k in range(3)]
    return np.all([y * np.sin(a + np.pi) + x * np.cos(a + np.pi) < 0.47 for a in corners], axis=0)


def noise(random: np.random.Generator) -> np.ndarray:
    """Noise with the 1/f spectrum of natural pictures, in three colours, from 0 to 1."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE)))
    frequency[0, 0] = 1
    layers = [np.fft.ifft2(np.fft.fft2(random.normal(size=(SIDE, SIDE))) / frequency).real for _ in range(3)]
    return np.clip(np.stack([0.45 + 0.17 * layer / layer.std() for layer in layers], axis=-1), 0, 1)


def picture(shape: str, colour: str, random: np.random.Generator) -> Image.Image:
    y, x = np.mgrid[:SIDE, :SIDE]
    size = random.uniform(0.22, 0.34) * SIDE
    centre = random.uniform(size, SIDE - size, 2)
    turn = random.uniform(-0.4, 0.4)
    u, v = (y - centre[0]) / size, (x - centre[1]) / size
    mask = inside(shape, u * np.cos(turn) - v * np.sin(turn), u * np.sin(turn) + v * np.cos(turn))
    pixels = noise(random)
    tint = np.clip(np.array(COLOURS[colour]) + random.normal(0, 0.06, 3), 0, 1)
    pixels[mask] = tint + random.normal(0, 0.06, (mask.sum(), 3))
    return Image.fromarray((255 * np.clip(pixels, 0, 1)).astype(np.uint8))


def draw(folder: pathlib.Path, each: int, seed: int = 0) -> tuple[pathlib.Path, pathlib.Path]:
    """Draws `each` pictures of every class, and the tree of superclasses; returns both paths."""
    random = np.random.default_rng(seed)
    names = [f"{colour}_{shape}" for shape in SHAPES for colour in COLOURS]
    for label, name in enumerate(names):
        place = folder / "pictures" / f"{label:02}_{name}"
        place.mkdir(parents=True, exist_ok=True)
        for index in range(each):
            picture(*reversed(name.split("_")), random).save(place / f"{index:02}.png")
    groups = SHAPES + list(COLOURS)
    children = [{"name": group, "classes": [k for k, name in enumerate(names) if group in name.split("_")]} for group in groups]
    (folder / "tree.json").write_text(json.dumps({"name": "anything", "children": children}))
    return folder / "pictures", folder / "tree.json"
