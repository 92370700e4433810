"""The one sanitiser for text that comes from evidence or from a model: what cannot be seen becomes a visible escape.

File names, metadata and model answers may carry terminal escapes, text that reverses direction, or characters of no
width. They pass through here before they reach a terminal, a log, a record or a page.
"""

from __future__ import annotations

import re

__all__ = ["safe_text"]

# Explicit ranges rather than Unicode's category Cf: that one also holds visible Arabic number signs, and grows with the
# Unicode version of the interpreter, so that two runs could differ.
_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # bidirectional and deprecated format controls
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u3164\ufeff\uffa0"  # zero width, blank
    "\u2028\u2029\ufff0-\ufffb"  # line and paragraph separators, interlinear annotation
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # format, tags
    "\ud800-\udfff"  # lone surrogates: undecodable bytes of file names
    "\ufdd0-\ufdef"  # noncharacters, which no XML (the metadata of a PDF) may hold
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
    + "]"
)
_SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    point = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if 0xDC80 <= point <= 0xDCFF:  # os.fsdecode keeps the undecodable byte 0xNN as U+DCNN
        return f"\\x{point - 0xDC00:02x}"
    if point < 0x80:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def safe_text(text: str, *, keep_newlines: bool = False) -> str:
    r"""Makes text safe to show and to store: controls and invisible characters become visible escapes.

    Escaped are C0 (``\x1b``, ``\t``, ``\n``), DEL, C1 (``\u009b``), bidirectional controls (``\u202e``), characters of
    no width (``\u200b``), line separators, noncharacters and lone surrogates (a file name's undecodable byte is shown
    as that byte, ``\xff``). All other text, in any script, stays as it is. Applying it twice changes nothing more.

    Args:
        text: any string, surrogates of ``os.fsdecode`` included.
        keep_newlines: leave ``\n`` as it is, for texts of several lines; all else is escaped all the same.

    Returns:
        Text without control characters that can always be encoded as UTF-8.
    """
    if not keep_newlines:
        return _UNSAFE.sub(_escape, text)
    return "\n".join(_UNSAFE.sub(_escape, line) for line in text.split("\n"))
