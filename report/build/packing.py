"""Compresses the files of results with what the standard library has; the same bytes give the same file."""

import ast
import lzma

PRESET = 6
HEADER = 128  # bytes of an array's header that tell its type; longer ones have many fields


def pack(content: bytes, name: str) -> bytes:
    """`content` as an .xz file: of an array also tried as differences between its items, if smaller."""
    found = [lzma.compress(content, preset=PRESET)]
    if step := item_size(content) if name.endswith(".npy") else 0:
        filters = [
            {"id": lzma.FILTER_DELTA, "dist": step},
            {"id": lzma.FILTER_LZMA2, "preset": PRESET},
        ]
        found.append(lzma.compress(content, format=lzma.FORMAT_XZ, filters=filters))
    return min(found, key=len)


def item_size(content: bytes) -> int:
    """Bytes of one item of the array in a .npy file, of a colour picture those of a pixel; 0 if unclear."""
    if content[:6] != b"\x93NUMPY":
        return 0
    begin = 10 if content[6:7] == b"\x01" else 12
    text = content[begin : begin + HEADER].split(b"}")[0] + b"}"
    try:
        header = ast.literal_eval(text.decode("latin-1"))
        kind, shape = header["descr"], header["shape"]
        size = int(kind[2:])
        step = size * (shape[-1] if size == 1 and shape and shape[-1] in (3, 4) else 1)
    except (ValueError, SyntaxError, KeyError, TypeError):
        return 0
    return step if 1 <= step <= 256 else 0
