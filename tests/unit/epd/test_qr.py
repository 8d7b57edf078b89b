"""Codes made here are read by another library, byte for byte."""

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from epd import qr


def picture(symbol):
    side = symbol.size + 2 * qr.QUIET
    image = Image.new("L", (side, side), 255)
    for y, row in enumerate(symbol.rows):
        for x in range(symbol.size):
            if row >> (symbol.size - 1 - x) & 1:
                image.putpixel((x + qr.QUIET, y + qr.QUIET), 0)
    return image.resize((side * 4, side * 4), Image.Resampling.NEAREST)


def bars(text):
    modules = "0" * qr.QUIET_LINEAR + qr.code128(text) + "0" * qr.QUIET_LINEAR
    image = Image.new("L", (len(modules), 30), 255)
    for x, bit in enumerate(modules):
        if bit == "1":
            image.paste(0, (x, 0, x + 1, 30))
    return image.resize((len(modules) * 3, 90), Image.Resampling.NEAREST)


@settings(max_examples=40, deadline=None)
@given(st.text("абвгдеЖЗ |=0123456789«»№,.", max_size=600), st.sampled_from("LM"))
def test_a_text_is_read_back(text, level):
    content = ("ST00012|Name=" + text).encode()
    (found,) = zxingcpp.read_barcodes(picture(qr.qr(content, level)))
    assert found.bytes == content
    assert found.ec_level == level


@pytest.mark.parametrize("length", [1, 14, 15, 26, 106, 122, 152, 2331])
def test_every_size_of_symbol_is_read_back(length):
    (found,) = zxingcpp.read_barcodes(picture(qr.qr(b"7" * length)))
    assert found.bytes == b"7" * length


def test_more_than_the_largest_holds_is_refused():
    with pytest.raises(qr.TooLong, match="2332 bytes"):
        qr.qr(b"x" * 2332)


@pytest.mark.parametrize("text", ["00112233445566778899001122", "123", "ABC-abc 12~", "99"])
def test_bars_are_read_back(text):
    (found,) = zxingcpp.read_barcodes(bars(text))
    assert (str(found.format), found.text) == ("Code 128", text)


def test_bars_refuse_what_they_cannot_write():
    with pytest.raises(ValueError, match="Ж"):
        qr.code128("Ж")


def test_the_picture_holds_the_same_modules():
    symbol = qr.qr(b"https://example.org")
    side, samples = qr.qr_picture(b"https://example.org")
    assert side == (symbol.size + 2 * qr.QUIET) * qr.SCALE
    ours = Image.frombytes("1", (side, side), samples).convert("L").point(lambda level: 255 - level)
    assert ours.tobytes() == picture(symbol).tobytes()
