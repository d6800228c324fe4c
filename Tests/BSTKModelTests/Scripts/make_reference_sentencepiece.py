"""Trains small SentencePiece models of every type and records what the library makes of texts.

    make_reference_sentencepiece.py FOLDER TEXT SAMPLES [all]

Makes FOLDER/NAME.model of every kind from TEXT, and FOLDER/NAME.golden.json with ids and decoded
text of each sample in SAMPLES, a golden file of make_reference_tokenizers.py, and a few more.
With `all` also those with the library's own normalization, whose tables take 240 kB.
"""

import io
import json
import os
import sys
import tempfile
from pathlib import Path

import sentencepiece

PLAIN = dict(normalization_rule_name="identity", remove_extra_whitespaces=False)
# Llama 2's kind comes first; the others need the library.
KINDS = {
    "sentencepiece": dict(
        PLAIN, model_type="bpe", vocab_size=700, byte_fallback=True, split_digits=True,
        allow_whitespace_only_pieces=True, user_defined_symbols=["<|end|>"]),
    "sentencepiece-unigram": dict(
        model_type="unigram", vocab_size=400, normalization_rule_tsv="rules.tsv"),
    "sentencepiece-fallback": dict(
        PLAIN, model_type="unigram", vocab_size=500, byte_fallback=True,
        allow_whitespace_only_pieces=True, unk_surface="?"),
    "sentencepiece-words": dict(model_type="word", vocab_size=300, normalization_rule_name="identity"),
    "sentencepiece-characters": dict(PLAIN, model_type="char", vocab_size=60, bos_id=-1),
    "sentencepiece-bare": dict(PLAIN, model_type="bpe", vocab_size=300, add_dummy_prefix=False),
}
LARGE_KINDS = {
    "sentencepiece-nfkc": dict(model_type="unigram", vocab_size=400),
    "sentencepiece-folded": dict(
        model_type="bpe", vocab_size=400, byte_fallback=True, normalization_rule_name="nfkc_cf",
        remove_extra_whitespaces=False),
}
# What the first of the two becomes the second; a rule inside another and one that removes.
RULES = {
    "\u00a0": " ", "\u3000": " ", "\t": " ", "\n": " ", "\r": " ", "\u2014": " - ", "\u201c": '"',
    "\u201d": '"', "\ufb01": "fi", "\ufb00": "ff", "e\u0301": "\u00e9", "e\u0301\u0302": "e", "\u200b": "",
    "\u2026": "...", "\u00b2": "2", "\u2177": "viii",
}
SAMPLES = [
    "Of the LORD \u2014 \u201cof the\u201d kings\u2026 \ufb01nd o\ufb00er cafe\u0301 cafe\u0301\u0302",
    "\u03b1 \u03b2\u03b3 \u03b4", "zq\u03b1\u03b2 xj qqqq  zzzz", " leading and trailing  ", "   ", "\u200b", "a \u200b",
]


def train(lines, options):
    model = io.BytesIO()
    # Given the text and a place for the model, the library has no paths to write into it.
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, minloglevel=2, **options)
    return model.getvalue()


def main():
    folder, text, samples = (Path(argument).resolve() for argument in sys.argv[1:4])
    lines = text.read_text()[:60000].splitlines()
    texts = [sample["text"] for sample in json.loads(samples.read_text())] + SAMPLES
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        Path("rules.tsv").write_text("".join(
            "\t".join(" ".join(f"{ord(character):X}" for character in side) for side in rule) + "\n"
            for rule in RULES.items()))
        kinds = KINDS | (LARGE_KINDS if sys.argv[4:] == ["all"] else {})
        models = {name: train(lines, options) for name, options in kinds.items()}
        os.chdir(folder)
    for name, model in models.items():
        (folder / f"{name}.model").write_bytes(model)
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        begin = [processor.bos_id()] if processor.bos_id() >= 0 else []
        cases = []
        for sample in texts:
            ids = processor.encode(sample)
            cases.append({
                "text": sample, "ids": ids, "withSpecial": begin + ids,
                "decoded": processor.decode(ids)})
        (folder / f"{name}.golden.json").write_text(
            json.dumps(cases, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
