"""Letters that look like other letters, so that two names a reader cannot tell apart are told apart by code.

Data and one comparison. Must not know programs or values.
"""

import unicodedata

_CYRILLIC = dict(zip("аеорсухѕіјԁһԝԛѵӏАВЕКМНОРСТУХЅІЈԜ", "aeopcyxsijdhwqvlABEKMHOPCTYXSIJW", strict=True))
_GREEK = dict(zip("αογικνρυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aoyikvpuxwABEZHIKMNOPTYX", strict=True))
_OTHERS = {"ı": "i", "ɡ": "g", "ɑ": "a", "ѐ": "è", "ß": "β", "Ø": "θ", "ø": "θ"}
_PLAIN = str.maketrans(_CYRILLIC | _GREEK | _OTHERS)


def look_alike(one: str, other: str) -> bool:
    """True where the two names differ and yet look the same."""
    return one != other and one.translate(_PLAIN) == other.translate(_PLAIN)


def difference(one: str, other: str) -> tuple[str, str]:
    """Return the first letters that tell two look-alikes apart, each as `х is U+0445 (CYRILLIC SMALL LETTER HA)`."""
    pair = next((a, b) for a, b in zip(one, other, strict=True) if a != b)
    return _told(pair[0]), _told(pair[1])


def _told(letter: str) -> str:
    return f"{letter} is U+{ord(letter):04X} ({unicodedata.name(letter, 'without a name')})"
