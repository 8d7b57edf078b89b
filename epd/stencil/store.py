"""Stencils kept on disk: what one process has laid out, the next one finds ready.

A file per template and all that its layout depends on: another stylesheet, font or version of WeasyPrint is another
name, and the old file is swept. The file is signed with the installation's key, since unpickling runs what it is given.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import logging
import os
import pickle
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import weasyprint

from epd.stencil import press as presses
from epd.stencil.faces import Face
from epd.stencil.press import Press, Single

logger = logging.getLogger(__name__)

MOST_BYTES = 24_000_000  # of a file; what is met of late stays
PARTS = ("skeletons", "frames", "geometries", "gaps", "proved")


def digest(files: Iterable[Path]) -> str:
    """What a layout depends on: the template's own files, the fonts, the code that reads and lays out, the engine."""
    told = hashlib.blake2b(digest_size=10)
    for path in sorted((*files, *Path(presses.__file__).parent.glob("*.py"))):
        told.update(path.name.encode() + b"\0" + path.read_bytes())
    told.update(f"{weasyprint.__version__} {weasyprint.text.ffi.pango.pango_version()}".encode())
    return told.hexdigest()


class _Pickler(pickle.Pickler):
    """Faces go by their names; the texts that a process has met are its own."""

    def persistent_id(self, thing: Any) -> Any:
        if type(thing) is Face:
            return thing.name
        return "" if type(thing) is Single else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, faces: Mapping[str, Face]) -> None:
        super().__init__(file)
        self.faces = faces

    def persistent_load(self, told: Any) -> Any:
        return self.faces[told] if told else None


def save(press: Press, path: Path, key: bytes) -> bool:
    """Write what the press has, and what others have written meanwhile; returns whether something was written."""
    if press.made == press.saved:
        return False
    load(press, path, key)
    content = _packed(press)
    while len(content) > MOST_BYTES and press.skeletons:
        for _ in range(max(1, len(press.skeletons) // 4)):
            press.skeletons.popitem(last=False)
        press.reader.shapes.clear()  # they know the skeletons that are no more
        press.frames.clear()
        press.proved.clear()
        content = _packed(press)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(_signature(content, key) + content)
    part.replace(path)
    press.saved = press.made
    for old in path.parent.glob(f"{path.name.partition('@')[0]}@*.stencils"):
        if old != path:
            old.unlink(missing_ok=True)
    return True


def load(press: Press, path: Path, key: bytes) -> bool:
    """Take what the file has and the press lacks; returns whether it was read. A file that is not ours is as good as
    none."""
    try:
        whole = path.read_bytes()
    except OSError:
        return False
    signature, content = whole[:32], whole[32:]
    if not hmac.compare_digest(signature, _signature(content, key)):
        logger.warning("epd.stencils.foreign", extra={"file": path.name})
        return False
    faces = {face.name: face for face in press.look.faces.values()}
    told = _Unpickler(io.BytesIO(zlib.decompress(content)), faces).load()
    if not told["blocks"] <= press.reader.blocks:
        press.reader.learn(told["blocks"])
    for skeleton in told["skeletons"].values():
        for slot in skeleton.slots:
            slot.singles.clear()
        for variant in skeleton.variants.values():
            variant.ends.clear()
    for key_of, theirs in told["skeletons"].items():
        if (ours := press.skeletons.get(key_of)) is not None and len(ours.slots) == len(theirs.slots):
            for heights, variant in theirs.variants.items():
                ours.variants.setdefault(heights, variant)
    for name in PARTS:
        mine = getattr(press, name)
        for one, value in told[name].items():
            mine.setdefault(one, value)
    return True


def stamp(path: Path) -> int:
    """When the file was written, nanoseconds; 0: there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _packed(press: Press) -> bytes:
    buffer = io.BytesIO()
    told = {name: getattr(press, name) for name in PARTS} | {"blocks": press.reader.blocks}
    _Pickler(buffer, protocol=5).dump(told)
    return zlib.compress(buffer.getvalue(), 1)


def _signature(content: bytes, key: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")
