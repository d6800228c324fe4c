"""Makes small tokenizers of every supported kind and what the tokenizers library makes of texts.

    make_reference_tokenizers.py FOLDER TEXT

Each tokenizer, trained on TEXT, becomes FOLDER/NAME.json; FOLDER/NAME.golden.json holds for each
sample its text, its ids with and without special tokens around it, and the text they decode to.
"""

import json
import random
import sys
from pathlib import Path

from tokenizers import (
    AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers,
)

TAIL = r"\s*[\r\n]+|\s+(?!\S)|\s+"
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
SYMBOLS = r" ?[^\s\p{L}\p{N}]+[\r\n]*|"
LLAMA3 = CONTRACTIONS + r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + SYMBOLS + TAIL
QWEN2 = CONTRACTIONS + r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + SYMBOLS + TAIL
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + TAIL)

SAMPLES = [
    "", " ", "a", "Hello world", "  two  spaces", "don't I'LL we'Ve 'S 'ſ 'ſt o'clock 'd'D",
    "12345 67 8,901.25 ½ ² ⅷ ٣٤٥٦ 1a2b", "naïve café — “quotes”…", "nai\u0308ve cafe\u0301 a\u0327\u0301",
    "日本語テキスト、漢字。\n次の行", "emoji 🙂👍🏽 👩‍👩‍👧 é", "\n\n tab\tnewline\r\n\r\n  x\r y \n",
    "<|begin|>special<|end|>", " <|end|> <|end|>x", "<|begi <|begin|", "x <mask> y<mask>z  <mask>",
    "wordy word words word, word", "a" * 40, "=== --- *** /// //\n /\n ///\n\n",
    "camelCase HTTPServer iPhone XMLHttp ǅabc ǅ ʰH\u0301h ĲŁł ªº", "\u00a0nbsp\u2003em\u3000wide\u0085nel\u000bvt",
    "ends with spaces   ", "ends\n", "\u200bzero\u200dwidth\ufeff", "한국어 \u1112\u1161\u11ab हिन्दी ไทย عربى עברית",
    "ﬁ ﬀ ２ Å Å ①", "x\u0301\u0302 y", "\u0301starts with a mark", "<0x0A> \x00\x01\x7f", "▁under ▁▁ a▁b",
]


def random_samples():
    generator = random.Random(5)
    parts = ["a", "B", "é", "e\u0301", " ", "  ", "\n", "\r\n", "\t", "'s", "'LL", "7", "42", "½", ".", "--",
             "日本", "ひ", "🙂", "\u00a0", "/", "ǅ", "ʰ", "\u0301", "<|end|>", "<mask>", "word", "▁", "\u3000"]
    return ["".join(generator.choice(parts) for _ in range(generator.randint(1, 40))) for _ in range(60)]


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def byte_level(**options):
    return pre_tokenizers.ByteLevel(**{"add_prefix_space": False, "use_regex": False, **options})


ALPHABET = pre_tokenizers.ByteLevel.alphabet()
META = dict(replacement="▁", prepend_scheme="first", split=False)


def begin_template(tokenizer, end=False):
    return processors.TemplateProcessing(
        single="<|begin|> $A" + (" <|end|>" if end else ""),
        pair="<|begin|> $A $B", special_tokens=[
            (name, tokenizer.token_to_id(name)) for name in ("<|begin|>", "<|end|>")])


# name: normalizer, pre-tokenizer, decoder, whether merges are written as strings, ignore_merges
BYTE_LEVEL = {
    "gpt2": (None, byte_level(use_regex=True), True, False),
    "gpt2-prefix": (None, byte_level(use_regex=True, add_prefix_space=True), True, False),
    "llama3": (None, pre_tokenizers.Sequence([split(LLAMA3), byte_level()]), False, True),
    "qwen2": (normalizers.NFC(), pre_tokenizers.Sequence([split(QWEN2), byte_level()]), True, False),
    "tekken": (None, pre_tokenizers.Sequence([split(TEKKEN), byte_level()]), False, False),
    "digits": (
        normalizers.NFKC(),
        pre_tokenizers.Sequence([
            pre_tokenizers.Digits(individual_digits=True), split(QWEN2, "removed", True),
            pre_tokenizers.Split("ed", "merged_with_next"), byte_level()]), False, False),
}


def save(tokenizer, folder, name, old_merges):
    data = json.loads(tokenizer.to_str())
    if old_merges:
        data["model"]["merges"] = [" ".join(pair) for pair in data["model"]["merges"]]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    (folder / f"{name}.json").write_text(text + "\n")
    tokenizer = Tokenizer.from_str(text)
    cases = []
    for sample in SAMPLES + random_samples():
        ids = tokenizer.encode(sample, add_special_tokens=False).ids
        cases.append({
            "text": sample, "ids": ids, "withSpecial": tokenizer.encode(sample).ids,
            "decoded": tokenizer.decode(ids, skip_special_tokens=False)})
    (folder / f"{name}.golden.json").write_text(
        json.dumps(cases, ensure_ascii=True, separators=(",", ":")) + "\n")


def make_byte_level(folder, name, lines, normalizer, pre_tokenizer, old_merges, ignore_merges):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<|begin|>", "<|end|>"], initial_alphabet=ALPHABET,
        show_progress=False))
    tokenizer.add_tokens([
        AddedToken("<mask>", lstrip=True, normalized=False),
        AddedToken("word", single_word=True, normalized=True)])
    if name == "llama3":
        tokenizer.post_processor = processors.Sequence(
            [processors.ByteLevel(trim_offsets=False), begin_template(tokenizer)])
    elif name == "qwen2":
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    else:
        tokenizer.post_processor = begin_template(tokenizer, end=True)
    save(tokenizer, folder, name, old_merges)


def make_sentencepiece(folder, name, lines, with_metaspace):
    """Llama 2's kinds: spaces as ▁, unknown characters as bytes."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if with_metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(**META)
    else:
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])
    trained = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    trained.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement="▁", prepend_scheme="always", split=True)
    trained.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=600, show_progress=False, special_tokens=["<unk>", "<|begin|>", "<|end|>"] + [
            f"<0x{byte:02X}>" for byte in range(256)]))
    data = json.loads(trained.to_str())
    tokenizer.model = models.BPE(
        vocab=data["model"]["vocab"], merges=[tuple(m) for m in data["model"]["merges"]],
        unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer.add_special_tokens([
        AddedToken(name, normalized=False) for name in ("<unk>", "<|begin|>", "<|end|>")])
    tokenizer.post_processor = begin_template(tokenizer)
    save(tokenizer, folder, name, not with_metaspace)


def main():
    folder, text = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    lines = text.read_text()[:60000].splitlines(keepends=True)
    for name, parts in BYTE_LEVEL.items():
        make_byte_level(folder, name, lines, *parts)
    make_sentencepiece(folder, "llama2", lines, with_metaspace=False)
    make_sentencepiece(folder, "llama2-metaspace", lines, with_metaspace=True)


if __name__ == "__main__":
    main()
