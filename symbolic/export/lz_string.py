"""Text packed into the characters of a web address, by LZ78 with codes whose width grows.

The format is that of the JavaScript library lz-string (`compressToEncodedURIComponent`): a character that
comes for the first time is written out, every other word by its number in the table of words so far.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-$"
BITS = 6  # of a character of a web address
NARROW, WIDE, END = 0, 1, 2  # codes before a character of 8 bits, of 16 bits, and at the end


@dataclass
class _Codes:
    """Bits, the lowest of each number first; numbers take as many bits as the table of words asks for."""

    bits: list[int] = field(default_factory=list)
    width: int = 2
    room: int = 2

    def write(self, number: int, width: int | None = None) -> None:
        """A number, in the width of now if none is given."""
        self.bits += [number >> i & 1 for i in range(self.width if width is None else width)]

    def grown(self) -> None:
        """The table has one more word."""
        self.room -= 1
        if self.room == 0:
            self.room, self.width = 2**self.width, self.width + 1


def compressed(text: str) -> str:
    """The text in the 64 characters that a web address may hold."""
    table: dict[str, int] = {}
    new: set[str] = set()
    codes, word = _Codes(), ""

    def write(word: str) -> None:
        if word in new:
            wide = ord(word) > 255
            codes.write(WIDE if wide else NARROW)
            codes.write(ord(word), 16 if wide else 8)
            new.discard(word)
            codes.grown()
        else:
            codes.write(table[word])
        codes.grown()

    for character in text:
        if character not in table:
            table[character] = len(table) + 3
            new.add(character)
        if word + character in table:
            word += character
            continue
        write(word)
        table[word + character] = len(table) + 3
        word = character
    if word:
        write(word)
    codes.write(END)
    bits = codes.bits + [0] * (BITS - len(codes.bits) % BITS)
    parts = (bits[i : i + BITS] for i in range(0, len(bits), BITS))
    return "".join(ALPHABET[int("".join(map(str, part)), 2)] for part in parts)
