"""Records gradients that PyTorch computes for the models of make_reference_models.py.

    make_reference_gradients.py FOLDER [SEED]

Each FOLDER/NAME that is named below gets golden_gradients.safetensors, all fp32 but the tokens:
input_ids and labels (int64), and the gradients of the cross-entropy between the logits and the
labels, summed over tokens: hidden_N by the states before layer N (behind the last one where N is
their number), MODULE by the output of every linear layer, both tokens x width. head_variance is the
mean of p (1 - p) over tokens.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

NAMES = ["llama-biased", "llama-llama3", "mistral-sliding", "qwen2-sliding", "qwen2-yarn-mscale"]
TOKENS = 10


def make(folder, seed):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids, labels = torch.randint(0, model.config.vocab_size, (2, TOKENS))
    kept = {}

    def keep(name):
        def hook(module, inputs, output):
            output.retain_grad()
            kept[name] = output
        return hook

    for name, module in model.model.layers.named_modules(prefix="model.layers"):
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(keep(name))
    states = model.model.embed_tokens(ids[None]).detach().requires_grad_(True)
    for number, layer in enumerate(model.model.layers):
        layer.register_forward_hook(
            lambda module, inputs, output, number=number: keep(f"hidden_{number + 1}")(
                module, inputs, output[0] if isinstance(output, tuple) else output))
    logits = model(inputs_embeds=states, use_cache=False).logits[0]
    torch.nn.functional.cross_entropy(logits, labels, reduction="sum").backward()
    p = logits.detach().softmax(-1)
    golden = {name: tensor.grad[0].contiguous() for name, tensor in kept.items()}
    golden |= dict(
        hidden_0=states.grad[0].contiguous(), head_variance=(p * (1 - p)).mean(0),
        input_ids=ids.clone(), labels=labels.clone())
    save_file(golden, folder / "golden_gradients.safetensors")


def main():
    root = Path(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    torch.set_num_threads(1)
    for number, name in enumerate(NAMES):
        make(root / name, seed + number)


if __name__ == "__main__":
    main()
