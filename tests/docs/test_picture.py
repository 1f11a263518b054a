"""The picture in the README is what the program prints now."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from docs.make_picture import COLUMNS, PICTURE, picture, shown


def test_the_picture_is_not_stale() -> None:
    expected = picture(shown())
    assert expected == PICTURE.read_text("utf-8"), "python -m docs.make_picture makes it anew"


def test_the_picture_is_the_same_from_run_to_run() -> None:
    assert picture(shown()) == picture(shown())


def test_the_picture_loads_nothing() -> None:
    text = PICTURE.read_text("utf-8")
    assert ["http://www.w3.org/2000/svg"] == re.findall(r"\w+://[^\"]*", text)
    assert not re.search(r"<(script|image|use|style|foreignObject)|href|@import|url\(", text)


def test_the_picture_is_well_formed_and_nothing_stands_outside_it() -> None:
    root = ET.fromstring(PICTURE.read_text("utf-8"))  # noqa: S314 - our own file
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    texts = root.findall(".//{*}text")
    assert len(texts) > 60
    for text in texts:
        assert 0 < float(text.attrib["x"])
        assert float(text.attrib["x"]) + float(text.attrib["textLength"]) < width
        assert 0 < float(text.attrib["y"]) < height


def test_lines_keep_to_the_width() -> None:
    assert [] == [line for line in shown() if line.width > COLUMNS]
