"""Names of the binary formats that Alexandria does not read, by their first bytes."""

from collections.abc import Collection

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n", "an image (PNG)"),
    (0, b"\xff\xd8\xff", "an image (JPEG)"),
    (0, b"GIF8", "an image (GIF)"),
    (0, b"II*\x00", "an image (TIFF)"),
    (0, b"MM\x00*", "an image (TIFF)"),
    (8, b"WEBP", "an image (WebP)"),
    (4, b"ftypavif", "an image (AVIF)"),
    (4, b"ftypheic", "an image (HEIC)"),
    (0, b"\x00\x00\x00\x0cjP  ", "an image (JPEG 2000)"),
    (0, b"AT&TFORM", "a DjVu document"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"{\\rtf", "a Rich Text document"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office document"),
    (60, b"BOOKMOBI", "a Kindle book"),
    (0, b"SQLite format 3", "an SQLite database"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ\x90\x00", "a Windows program"),
    (0, b"ID3", "an audio file"),
    (0, b"OggS", "an audio or video file"),
    (0, b"fLaC", "an audio file"),
    (8, b"WAVE", "an audio file"),
    (4, b"ftyp", "a video file"),
    (0, b"\x1a\x45\xdf\xa3", "a video file"),
    (8, b"AVI ", "a video file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"\x80\x04\x95", "a Python pickle"),
    (0, b"PAR1", "a Parquet table"),
)

_INSIDE_ZIP: tuple[tuple[str, str], ...] = (
    ("xl/", "an Excel workbook"),
    ("ppt/", "a PowerPoint presentation"),
)


def name_zip(names: Collection[str]) -> str | None:
    """Name the program whose files are such a zip file; None for a plain archive."""
    if "META-INF/manifest.xml" in names:
        return "an OpenDocument file"
    if "[Content_Types].xml" not in names:
        return None
    kinds = (kind for start, kind in _INSIDE_ZIP if any(n.startswith(start) for n in names))
    return next(kinds, "a file of an office program")


def name_binary(data: bytes) -> str | None:
    for offset, mark, name in _SIGNATURES:
        if data.startswith(mark, offset):
            return name
    return None
