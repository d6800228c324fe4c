"""Makes models of the families that GGUF files are written of from the small trained Llama model.

    make_gguf_models.py SOURCE TOKENIZER FOLDER

FOLDER/llama-untied has a head of its own; FOLDER/qwen2 is the same layers with biases of q, k and v;
both have a tokenizer of another kind than the source's: words split as SmolLM's and as Qwen2's.
FOLDER/llama-pieces is a random model with TOKENIZER, which is of the SentencePiece kind, and with
Llama 3's scaling of the rotary embedding.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
QWEN2 = (CONTRACTIONS + r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")


def byte_level(splits):
    return dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=splits)


PRE_TOKENIZERS = {
    "llama-untied": [dict(type="Digits", individual_digits=True), byte_level(True)],
    "qwen2": [dict(type="Split", pattern=dict(Regex=QWEN2), behavior="Isolated", invert=False),
              byte_level(False)],
}


def make(source, folder, kind):
    base = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    shape = {key: getattr(base.config, key) for key in (
        "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
        "num_attention_heads", "num_key_value_heads", "max_position_embeddings", "rms_norm_eps",
        "bos_token_id", "eos_token_id", "rope_parameters")}
    torch.manual_seed(7)
    if kind == "qwen2":
        config = Qwen2Config(**shape, tie_word_embeddings=True)
    else:
        config = LlamaConfig(**shape, tie_word_embeddings=False)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(base.state_dict(), strict=False)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(".bias"):
                parameter.normal_(0, 0.02)
        if kind != "qwen2":
            head = base.model.embed_tokens.weight
            model.lm_head.weight.copy_(head + 0.002 * torch.randn_like(head))
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer = json.loads((source / "tokenizer.json").read_text())
    tokenizer["pre_tokenizer"] = dict(type="Sequence", pretokenizers=PRE_TOKENIZERS[kind])
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    shutil.copy(source / "tokenizer_config.json", folder)


def make_pieces(tokenizer, folder):
    folder.mkdir(parents=True, exist_ok=True)
    content = json.loads(tokenizer.read_text())
    size = 1 + max([*content["model"]["vocab"].values(),
                    *(token["id"] for token in content["added_tokens"])])
    torch.manual_seed(7)
    names = {key: token["id"] for token in content["added_tokens"]
             for key in ("begin", "end") if token["content"] == f"<|{key}|>"}
    model = AutoModelForCausalLM.from_config(LlamaConfig(
        vocab_size=size + 3, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
        tie_word_embeddings=True, bos_token_id=names["begin"], eos_token_id=names["end"],
        rope_parameters=dict(
            rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0,
            high_freq_factor=4.0, original_max_position_embeddings=64)))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            spread = 0.3 if parameter.dim() == 1 else parameter.shape[1] ** -0.5
            parameter.normal_(1.0 if "norm" in name else 0.0, 0.7 if "embed" in name else spread)
    model.to(torch.bfloat16).save_pretrained(folder)
    shutil.copy(tokenizer, folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text(json.dumps(dict(
        tokenizer_class="PreTrainedTokenizerFast", bos_token="<|begin|>", eos_token="<|end|>",
        unk_token="<unk>")))


def main():
    source, tokenizer, root = (Path(argument) for argument in sys.argv[1:4])
    make_pieces(tokenizer, root / "llama-pieces")
    for kind in PRE_TOKENIZERS:
        folder = root / kind
        folder.mkdir(parents=True, exist_ok=True)
        make(source, folder, kind)


if __name__ == "__main__":
    main()
