"""Moonshine's vocabulary: token ids to text and text to token ids.

The file holds 32768 SentencePiece pieces: a length byte (two when over 127, low seven bits first), then
the piece's bytes. `▁` stands for a space; ids 3..258 are single bytes.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["END", "START", "Tokenizer"]

START = 1
END = 2
_SPACE = "▁"
_FIRST_BYTE = 3
_FIRST_PIECE = 259


class Tokenizer:
    """Encode and decode text with one vocabulary. Immutable, so it may be shared between threads."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = tuple(pieces)
        self._ids: dict[str, int] = {}
        for token in range(_FIRST_PIECE, len(self.pieces)):
            self._ids.setdefault(self.pieces[token].decode("utf-8", "replace"), token)
        self._starts_word = tuple(piece.startswith(_SPACE.encode()) for piece in self.pieces)

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Read a `tokenizer.bin`. Raises `ValueError` when the file is cut short."""
        data = path.read_bytes()
        pieces: list[bytes] = []
        at = 0
        while at < len(data):
            length = data[at]
            at += 1
            if length >= 128:
                if at >= len(data):
                    raise ValueError(f"{path.name} ends inside a piece")
                length += (data[at] - 1) * 128
                at += 1
            if at + length > len(data):
                raise ValueError(f"{path.name} ends inside a piece")
            pieces.append(data[at : at + length])
            at += length
        return cls(pieces)

    @classmethod
    def load_json(cls, path: Path) -> "Tokenizer":
        """Read the same vocabulary from a Hugging Face `tokenizer.json`. Raises `ValueError` for another
        kind of file."""
        try:
            described = json.loads(path.read_text(encoding="utf-8"))
            ids: dict[str, int] = dict(described["model"]["vocab"])
            ids |= {token["content"]: token["id"] for token in described.get("added_tokens") or ()}
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name} is not the tokenizer of a Moonshine model") from error
        pieces = [b""] * (max(ids.values(), default=-1) + 1)
        for text, token in ids.items():
            byte = re.fullmatch(r"<0x([0-9A-Fa-f]{2})>", text)
            pieces[token] = bytes([int(byte[1], 16)]) if byte else text.encode()
        return cls(pieces)

    def __len__(self) -> int:
        return len(self.pieces)

    def is_special(self, token: int) -> bool:
        """Return whether the token stands for no text: `<s>`, `</s>`, `<unk>`, `<<ST_n>>`."""
        return token < _FIRST_BYTE or self.pieces[token].startswith(b"<<ST_")

    def starts_word(self, token: int) -> bool:
        """Return whether the token begins with a space, so that a new word starts here."""
        return self._starts_word[token]

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of the tokens, without outer spaces and without special tokens."""
        joined = b"".join(self.pieces[token] for token in tokens if not self.is_special(token))
        return joined.decode("utf-8", "replace").replace(_SPACE, " ").strip()

    def encode(self, text: str, *, word_start: bool = True) -> list[int]:
        """Return the tokens of `text` by byte-pair merging, the lowest id first, as SentencePiece does.

        With `word_start` the text begins a new word, as it would after a space.
        """
        marked = text.strip().replace(" ", _SPACE)
        if not marked:
            return []
        symbols = list((_SPACE if word_start else "") + marked)
        while len(symbols) > 1:
            best = -1
            best_id = len(self.pieces)
            for index in range(len(symbols) - 1):
                token = self._ids.get(symbols[index] + symbols[index + 1])
                if token is not None and token < best_id:
                    best, best_id = index, token
            if best < 0:
                break
            symbols[best : best + 2] = [symbols[best] + symbols[best + 1]]
        tokens: list[int] = []
        for symbol in symbols:
            token = self._ids.get(symbol)
            if token is not None:
                tokens.append(token)
            else:
                tokens.extend(byte + _FIRST_BYTE for byte in symbol.encode("utf-8"))
        return tokens
