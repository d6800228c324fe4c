"""What real llama.cpp makes of GGUF files, and transformers of the folder they were written beside.

    compare_gguf.py FOLDER FILE...

Prints a JSON object: for each prompt the greedy tokens of transformers in fp32, their text, the number
of tokens of the prompt and the smallest distance between the two best logits on the way; then for each
file tokens, text and number of tokens of llama.cpp.
"""

import json
import sys

import torch
import xllamacpp
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = [
    "And God said", "In the beginning God", "Mr. Darcy", "It is a truth universally", "The king of",
    "It's 12 o'clock, and they've 345 men;  don't", "naïve café — “quotes”",
]
COUNT = 64


def library(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    # As llama.cpp does when it is told to go on.
    ends = [id for id in [model.config.eos_token_id] if id is not None]
    answers = []
    for prompt in PROMPTS:
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        start, margin = ids.shape[1], float("inf")
        with torch.no_grad():
            for _ in range(COUNT):
                logits = model(ids).logits[0, -1]
                logits[ends] = float("-inf")
                best = torch.topk(logits, 2)
                margin = min(margin, float(best.values[0] - best.values[1]))
                ids = torch.cat([ids, best.indices[:1].reshape(1, 1)], 1)
        answers.append(dict(
            ids=ids[0, start:].tolist(), text=tokenizer.decode(ids[0, start:], clean_up_tokenization_spaces=False),
            prompt=start, margin=margin))
    return answers


def llama(path):
    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.n_ctx, parameters.n_parallel, parameters.n_gpu_layers = 512, 1, 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    answers = []
    for prompt in PROMPTS:
        result = server.handle_completions(dict(
            prompt=prompt, n_predict=COUNT, temperature=0, ignore_eos=True, cache_prompt=False,
            logprobs=1))
        choice = result["choices"][0]
        answers.append(dict(
            ids=[token["id"] for token in choice["logprobs"]["content"]], text=choice["text"],
            prompt=result["timings"]["prompt_n"]))
    return answers


def main():
    folder, *paths = sys.argv[1:]
    print("RESULT " + json.dumps(dict(library=library(folder), files=[llama(p) for p in paths])))


if __name__ == "__main__":
    main()
