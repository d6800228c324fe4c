"""Real llama.cpp, from the wheel xllamacpp: models written for it as GGUF, and what a run takes.

As a program it is the process that is measured: it loads a model, answers a prompt and prints the
figures as JSON.
"""
import json
import pathlib
import subprocess
import sys
import time

import environment
import support
import tensors

LAYER = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
OUTSIDE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
           "lm_head.weight": "output.weight"}
# Kinds of tokens in GGUF.
NORMAL, CONTROL, UNUSED = 1, 3, 5
# What llama.cpp takes for an embedding that is the head as well.
EMBEDDING_TYPE = "Q8_0"


def write(folder, path, splitter, kind="Q4_0"):
    """A Hugging Face folder of a Llama model with byte-level BPE, as GGUF; `splitter` is llama.cpp's
    name for how the tokenizer cuts a text into words."""
    import gguf
    import numpy

    configuration, tokenizer = (json.loads((folder / name).read_text())
                                for name in ("config.json", "tokenizer.json"))
    heads = configuration["num_attention_heads"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_vocab_size(configuration["vocab_size"])
    writer.add_context_length(configuration["max_position_embeddings"])
    writer.add_embedding_length(configuration["hidden_size"])
    writer.add_block_count(configuration["num_hidden_layers"])
    writer.add_feed_forward_length(configuration["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(configuration["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(configuration["rms_norm_eps"])
    writer.add_rope_freq_base(configuration["rope_theta"])
    writer.add_rope_dimension_count(configuration["hidden_size"] // heads)
    ids = dict(tokenizer["model"]["vocab"])
    ids |= {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    special = {token["id"] for token in tokenizer["added_tokens"]}
    tokens = sorted(ids, key=ids.get)
    kinds = [CONTROL if ids[token] in special else NORMAL for token in tokens]
    # A made-up model has more rows than tokens.
    spare = range(len(tokens), configuration["vocab_size"])
    tokens += [f"<spare {number}>" for number in spare]
    kinds += [UNUSED for _ in spare]
    merges = tokenizer["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(splitter)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge)
                             for merge in merges])
    writer.add_bos_token_id(configuration["bos_token_id"])
    writer.add_eos_token_id(configuration["eos_token_id"])
    writer.add_add_bos_token(False)
    reader = tensors.Reader(folder / "model.safetensors")
    for name in reader.entries:
        values = reader[name]
        if name in OUTSIDE:
            target = OUTSIDE[name]
        else:
            _, _, layer, kind_of = name.removesuffix(".weight").split(".", 3)
            target = f"blk.{layer}.{LAYER[kind_of]}.weight"
            if kind_of in ("self_attn.q_proj", "self_attn.k_proj"):
                values = side_by_side(values, configuration, kind_of)
        if values.ndim == 1:
            writer.add_tensor(target, numpy.ascontiguousarray(values, numpy.float32))
            continue
        wanted = gguf.GGMLQuantizationType[kind if name not in OUTSIDE else EMBEDDING_TYPE]
        writer.add_tensor(target, gguf.quantize(values, wanted), raw_dtype=wanted)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def side_by_side(weight, configuration, kind):
    """The rows of a head with rotated pairs side by side, where Hugging Face has them in halves."""
    key = "num_attention_heads" if kind.endswith("q_proj") else "num_key_value_heads"
    rows, columns = weight.shape
    halves = weight.reshape(configuration[key], 2, rows // configuration[key] // 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)


def run(path, prompt, token_count, threads):
    """The figures of one answer, in a process of its own: see `answer`."""
    output = subprocess.run(
        [sys.executable, __file__, path, str(token_count), str(threads)], input=prompt, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=support.RUN_SECONDS)
    support.check(output.returncode == 0, f"llama.cpp cannot run {path}")
    return json.loads(output.stdout.splitlines()[-1])


def answer(path, prompt, token_count, threads):
    """Seconds to load, for the prompt and for the tokens behind it, with the counts of both, and the
    peak of the process's memory in bytes."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.n_ctx, parameters.n_parallel, parameters.n_gpu_layers = 2048, 1, 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.warmup = False
    before = resident("VmRSS")
    start = time.monotonic()
    server = xllamacpp.Server(parameters)
    loaded = time.monotonic() - start
    # The second answer is the one that counts: the first brings the file into memory.
    for _ in range(2):
        result = server.handle_completions(dict(
            prompt=prompt, n_predict=token_count, temperature=0, ignore_eos=True,
            cache_prompt=False))
    timings = result["timings"]
    return dict(
        load_seconds=loaded, prompt_tokens=timings["prompt_n"],
        prompt_seconds=timings["prompt_ms"] / 1e3, tokens=timings["predicted_n"],
        seconds=timings["predicted_ms"] / 1e3, text=result["choices"][0]["text"],
        peak=resident("VmHWM") - before)


def resident(field):
    """A field of this process's status in bytes."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    print(json.dumps(answer(sys.argv[1], sys.stdin.read(), int(sys.argv[2]), int(sys.argv[3]))))
