#!/usr/bin/env bash
# transformers 5 reads other tokens than tokenizer.json says.
#
# tokenizer.json names each step from a text to its tokens. A good guess is that AutoTokenizer takes
# these steps, as transformers 4 did. If the tokenizer's class has an __init__ of its own
# (BertTokenizer, XLMRobertaTokenizer, Qwen2Tokenizer), transformers 5 reads the vocabulary and the
# post-processor from the file, but takes the normaliser and the pre-tokenizer of the class: a cased
# BERT without `do_lower_case` in its configuration is lower-cased. PreTrainedTokenizerFast takes
# the file as it is. Saved again, the file has the steps of the class. Fails when this changes.
set -euo pipefail
venv=$(mktemp -d)
trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet transformers==5.24.0 tokenizers==0.23.3
"$venv/bin/python" - "$venv" <<'PY'
import json
import sys
from importlib.metadata import version
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

folder = Path(sys.argv[1]) / "encoder"
folder.mkdir()
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Chess", "chess"]
tokenizer = Tokenizer(models.WordPiece({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.save(str(folder / "tokenizer.json"))
(folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
(folder / "config.json").write_text(json.dumps({"model_type": "bert"}))

of_class = AutoTokenizer.from_pretrained(folder)
of_file = PreTrainedTokenizerFast.from_pretrained(folder)
of_class.save_pretrained(folder / "saved")
saved = Tokenizer.from_file(str(folder / "saved" / "tokenizer.json"))
read = {
    "tokenizer.json": tokenizer.encode("Chess", add_special_tokens=False).tokens,
    "PreTrainedTokenizerFast": of_file.tokenize("Chess"),
    "AutoTokenizer": of_class.tokenize("Chess"),
    "tokenizer.json that AutoTokenizer saved": saved.encode("Chess", add_special_tokens=False).tokens,
}
print("transformers", version("transformers"), "tokenizers", version("tokenizers"))
for what, tokens in read.items():
    print(f"{what}: {tokens}")
raise SystemExit(list(read.values()) != [["Chess"], ["Chess"], ["chess"], ["chess"]])
PY
