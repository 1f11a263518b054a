"""Any text as LaTeX that pdflatex sets with its own fonts: in ASCII, nothing in it read as a command.

Knows characters, and nothing of formulas or documents.
"""

from __future__ import annotations

import re
import unicodedata

from autograd_explain.source import visible

_SMALL = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi
psi omega""".split()  # noqa: SIM905 - a list of words
_CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()  # noqa: SIM905 - a list of words
GREEK = {name: rf"\{name}" for name in (*_SMALL, *_CAPITALS)}
"""Greek letters that TeX has a command for, by name."""
GREEK_LETTERS = {
    unicodedata.lookup(f"GREEK {case} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}"): rf"\{name}"
    for case, names in (("SMALL", _SMALL), ("CAPITAL", _CAPITALS))
    for name in names
} | {"ϵ": r"\epsilon", "ϑ": r"\vartheta", "ϕ": r"\phi", "ς": r"\varsigma", "ϱ": r"\varrho", "ϖ": r"\varpi"}
"""The same by the letter itself."""

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"{\upshape\char36}", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"{\ttfamily\char34}", "-": "-{}", "?": "?{}", "!": "!{}",
}  # fmt: skip
_IN_CODE = {"\\": r"\char92{}", "{": r"\char123{}", "}": r"\char125{}", "_": r"\char95{}", "^": r"\char94{}",
            "~": r"\char126{}", "<": r"\char60{}", ">": r"\char62{}", "|": r"\char124{}", '"': r"\char34{}",
            "'": r"\char13{}", "`": r"\char18{}", " ": r"\ "}  # fmt: skip
_SIGNS = {
    "·": r"\cdot", "×": r"\times", "−": "-", "→": r"\to", "←": r"\leftarrow", "≈": r"\approx", "∂": r"\partial",
    "≠": r"\ne", "≤": r"\le", "≥": r"\ge", "∞": r"\infty", "±": r"\pm", "√": r"\surd", "½": r"\frac12",
    "¼": r"\frac14", "¾": r"\frac34", "÷": r"\div", "∈": r"\in", "ᵀ": "^{T}", "ˣ": "^{x}", "ᵢ": "_i", "ⱼ": "_j",
    "ₖ": "_k", "ₙ": "_n", "ₓ": "_x", "Σ": r"\Sigma", "Π": r"\Pi", "⁻": "^{-}", "⁺": "^{+}", "▸": r"\triangleright",
    "│": r"\vert", "✓": r"\surd", "°": r"^\circ", "′": "'", "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod",
    "∫": r"\int", "∅": r"\emptyset", "⊙": r"\odot", "⇒": r"\Rightarrow", "ⁿ": "^n", "ᶜ": "^c",
}  # fmt: skip
_TYPED = {"…": r"\dots{}", "—": "---", "–": "--", "“": "``", "”": "''", "‘": "`", "’": "'", "ß": r"\ss{}",
          "\u00a0": "~", "æ": r"\ae{}", "Æ": r"\AE{}", "ø": r"\o{}", "Ø": r"\O{}", "ı": r"\i{}", "ł": r"\l{}",
          "§": r"\S{}", "¶": r"\P{}", "©": r"\copyright{}", "œ": r"\oe{}", "Œ": r"\OE{}"}  # fmt: skip
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
            "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d", "\u0327": "c"}  # fmt: skip
_LONGEST_WORD = 18
_CHUNK = 12


def escaped(text: str) -> str:
    """The text as running text: words longer than a line can hold may be broken anywhere."""
    return " ".join(_broken(word) for word in visible(text, keep="\n").split())


def _broken(word: str) -> str:
    if len(word) <= _LONGEST_WORD:
        return "".join(map(character, word))
    return r"\allowbreak{}".join("".join(map(character, word[i : i + 6])) for i in range(0, len(word), 6))


def code(line: str) -> str:
    """A line of a program in typewriter type: blanks kept, and broken anywhere where it is long."""
    parts = [_IN_CODE.get(letter) or character(letter) for letter in visible(line.expandtabs(4), keep="")]
    if len(parts) <= _CHUNK:
        return "".join(parts)
    return r"\allowbreak{}".join("".join(parts[i : i + _CHUNK]) for i in range(0, len(parts), _CHUNK))


def character(letter: str) -> str:
    """One character; what the fonts lack as its number, the character itself standing beside it for other engines."""
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    if " " <= letter <= "~" or letter == "\n":
        return letter
    if letter in _TYPED:
        return _TYPED[letter]
    sign = _SIGNS.get(letter) or GREEK_LETTERS.get(letter)
    if sign:
        return rf"\ensuremath{{{sign}}}"
    return _composed(letter)


def _composed(letter: str) -> str:
    """A digit set high or low, a letter with its accent, else the number of the character."""
    kind, _, digit = unicodedata.decomposition(letter).partition(" ")
    if kind in ("<super>", "<sub>") and re.fullmatch("00[37][0-9A-F]", digit):
        return rf"\ensuremath{{{'^' if kind == '<super>' else '_'}{{{chr(int(digit, 16))}}}}}"
    base, *marks = list(unicodedata.normalize("NFD", letter))
    if base.isascii() and base.isalpha() and len(marks) == 1 and marks[0] in _ACCENTS:
        return rf"\{_ACCENTS[marks[0]]}{{{base}}}"
    return rf"\unset{{{ord(letter):04X}}}"
