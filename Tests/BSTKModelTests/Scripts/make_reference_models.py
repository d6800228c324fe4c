"""Makes small random models of every supported kind with the transformers library.

    make_reference_models.py FOLDER [SEED]

Each model becomes FOLDER/NAME with config.json, model.safetensors (bf16) and golden.safetensors:
input_ids_N (int64) and logits_N (fp32), what the library computes in fp32 for each text on its own.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config

SHAPE = dict(
    vocab_size=64, hidden_size=32, intermediate_size=40, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
)


def rope(kind, **parameters):
    return dict(rope_type=kind, rope_theta=1000.0, **parameters)


# name: (configuration class, its arguments, whether config.json is written the old way)
MODELS = {
    "llama-biased": (
        LlamaConfig, dict(attention_bias=True, mlp_bias=True, rms_norm_eps=1e-3), True),
    "llama-linear": (LlamaConfig, dict(rope_parameters=rope("linear", factor=3.0)), True),
    "llama-dynamic": (
        LlamaConfig,
        dict(max_position_embeddings=16, rope_parameters=rope("dynamic", factor=2.0)), False),
    "llama-llama3": (
        LlamaConfig,
        dict(head_dim=16, tie_word_embeddings=True, rope_parameters=rope(
            "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=32)), False),
    "mistral-sliding": (MistralConfig, dict(head_dim=12, sliding_window=7), True),
    "mistral-linear": (
        MistralConfig,
        dict(sliding_window=None, rope_parameters=rope("linear", factor=2.0)), False),
    "qwen2-sliding": (
        Qwen2Config,
        dict(use_sliding_window=True, sliding_window=5, max_window_layers=1,
             tie_word_embeddings=True), True),
    "qwen2-yarn": (
        Qwen2Config,
        dict(rope_parameters=rope("yarn", factor=4.0, original_max_position_embeddings=16)), True),
    "qwen2-yarn-mscale": (
        Qwen2Config,
        dict(num_attention_heads=2, num_key_value_heads=1, rope_parameters=rope(
            "yarn", factor=8.0, original_max_position_embeddings=24, beta_fast=8.0,
            beta_slow=0.5, mscale=1.3, mscale_all_dim=0.7, truncate=False)), False),
    "qwen2-yarn-factor": (
        Qwen2Config,
        dict(rope_parameters=rope(
            "yarn", factor=4.0, original_max_position_embeddings=16, attention_factor=1.25)),
        False),
}


def write_old_way(folder):
    """config.json as transformers 4 wrote it: rope_theta and rope_scaling apart."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    kind = parameters.pop("rope_type")
    config["rope_scaling"] = None if kind == "default" else dict(type=kind, **parameters)
    config["torch_dtype"] = config.pop("dtype", "bfloat16")
    config.pop("layer_types", None)
    path.write_text(json.dumps(config, indent=2) + "\n")


def make(folder, kind, arguments, old_way, seed):
    torch.manual_seed(seed)
    config = kind(**{**SHAPE, "rope_parameters": rope("default"), **arguments})
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if "norm" in name else 0.0
            spread = 0.3 if parameter.dim() == 1 else parameter.shape[1] ** -0.5
            if "embed" in name:
                spread = 0.7
            parameter.normal_(centre, spread)
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if old_way:
        write_old_way(folder)

    golden = {}
    for number, length in enumerate((40, 9)):
        # A fresh model each time: dynamic scaling remembers the longest text it has seen.
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager").eval()
        ids = torch.randint(0, SHAPE["vocab_size"], (1, length))
        with torch.no_grad():
            golden[f"logits_{number}"] = model(ids).logits[0].contiguous()
        golden[f"input_ids_{number}"] = ids[0]
    save_file(golden, folder / "golden.safetensors")


def main():
    root = Path(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    torch.set_num_threads(1)
    for number, (name, (kind, arguments, old_way)) in enumerate(MODELS.items()):
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        make(folder, kind, arguments, old_way, seed + number)


if __name__ == "__main__":
    main()
