"""Trains a small SentencePiece model of Llama 2's kind and records what the library makes of texts.

    make_reference_sentencepiece.py FOLDER TEXT SAMPLES

Makes FOLDER/sentencepiece.model from TEXT, and FOLDER/sentencepiece.golden.json with ids and
decoded text of each sample in SAMPLES, a golden file of make_reference_tokenizers.py.
"""

import json
import sys
import tempfile
from pathlib import Path

import sentencepiece


def main():
    folder, text, samples = (Path(argument) for argument in sys.argv[1:4])
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch, "corpus.txt")
        corpus.write_text(text.read_text()[:60000])
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus), model_prefix=str(Path(scratch, "model")), model_type="bpe",
            vocab_size=700, byte_fallback=True, normalization_rule_name="identity",
            remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True,
            user_defined_symbols=["<|end|>"], minloglevel=2)
        model = Path(scratch, "model.model").read_bytes()
    (folder / "sentencepiece.model").write_bytes(model)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    cases = []
    for sample in json.loads(samples.read_text()):
        ids = processor.encode(sample["text"])
        cases.append({
            "text": sample["text"], "ids": ids, "withSpecial": [processor.bos_id()] + ids,
            "decoded": processor.decode(ids)})
    (folder / "sentencepiece.golden.json").write_text(
        json.dumps(cases, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
