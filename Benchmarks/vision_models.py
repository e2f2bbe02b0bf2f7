"""Full-size ResNet-50 and ViT-B/16 with random weights, for `vision-benchmark` and `vision.py`, in every naming.

    pip install torch torchvision timm transformers safetensors
    python3 Benchmarks/vision_models.py FOLDER

Writes resnet50.safetensors (torchvision's names, which are timm's too) and vit_{torchvision,timm,huggingface}.safetensors
(one network in three namings; Hugging Face's is left out where transformers is missing), and input.safetensors.
Batch norms have the statistics of a random batch, so that activations neither vanish nor explode.
"""
import sys
from pathlib import Path

import torch
import torchvision
from safetensors.torch import save_file


def resnet50():
    torch.manual_seed(0)
    net = torchvision.models.resnet50(weights=None)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
            torch.nn.init.uniform_(module.weight, 0.5, 1.0)
            torch.nn.init.normal_(module.bias, 0, 0.2)
    with torch.no_grad():
        net.train()(torch.randn(8, 3, 224, 224))
    return net.eval()


def vit_b_16():
    torch.manual_seed(1)
    net = torchvision.models.vit_b_16(weights=None)
    for name, parameter in net.named_parameters():
        if parameter.ndim > 1 or "bias" in name:
            torch.nn.init.normal_(parameter, 0, 0.03)
    return net.eval()


def renamed(state, library):
    """torchvision's tensors by the names of timm or Hugging Face's transformers."""
    timm = library == "timm"
    result = {}
    tops = {
        "class_token": ("cls_token", "vit.embeddings.cls_token"),
        "encoder.pos_embedding": ("pos_embed", "vit.embeddings.position_embeddings"),
        "conv_proj": ("patch_embed.proj", "vit.embeddings.patch_embeddings.projection"),
        "encoder.ln": ("norm", "vit.layernorm"),
        "heads.head": ("head", "classifier"),
    }
    parts = {
        "ln_1": ("norm1", "layernorm_before"),
        "ln_2": ("norm2", "layernorm_after"),
        "self_attention.out_proj": ("attn.proj", "attention.output.dense"),
        "mlp.0": ("mlp.fc1", "intermediate.dense"),
        "mlp.3": ("mlp.fc2", "output.dense"),
    }
    for name, tensor in state.items():
        if name in tops:
            result[tops[name][0 if timm else 1]] = tensor
            continue
        stem, kind = name.rsplit(".", 1)
        if stem in tops:
            result[f"{tops[stem][0 if timm else 1]}.{kind}"] = tensor
            continue
        layer, part = stem.removeprefix("encoder.layers.encoder_layer_").split(".", 1)
        block = f"blocks.{layer}" if timm else f"vit.encoder.layer.{layer}"
        if kind.startswith("in_proj_"):
            kind = kind.removeprefix("in_proj_")
            if timm:
                result[f"{block}.attn.qkv.{kind}"] = tensor
            else:
                for third, rows in zip(("query", "key", "value"), tensor.chunk(3)):
                    result[f"{block}.attention.attention.{third}.{kind}"] = rows
        else:
            result[f"{block}.{parts[part][0 if timm else 1]}.{kind}"] = tensor
    return result


def save(tensors, path, **metadata):
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, path, metadata or None)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    # timm's norms have ε = 1e-6 like torchvision's, Hugging Face's 1e-12: one network needs one ε.
    save(resnet50().state_dict(), folder / "resnet50.safetensors")
    state = vit_b_16().state_dict()
    save(state, folder / "vit_torchvision.safetensors", norm_eps="1e-6")
    for library in ("timm", "huggingface"):
        save(renamed(state, library), folder / f"vit_{library}.safetensors", norm_eps="1e-6")
    torch.manual_seed(2)
    save({"input": torch.randn(8, 3, 224, 224)}, folder / "input.safetensors")


if __name__ == "__main__":
    main()
