"""PDF files for tests: printed, and as a scanner would make them."""

import io
from collections.abc import Sequence

import pypdfium2 as pdfium

Print = tuple[float, float, float, str, str]
"""Left, baseline and size in points, font (F1 upright, F2 bold), text."""


def make_pdf(
    pages: Sequence[Sequence[Print]], title: str = "", rotated: Sequence[str] = ()
) -> bytes:
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.extend(
        b"<< /Type /Font /Subtype /Type1 /Encoding /WinAnsiEncoding /BaseFont /" + name + b" >>"
        for name in (b"Helvetica", b"Helvetica-Bold")
    )
    objects.append(f"<< /Title ({title}) >>".encode("cp1252"))
    kids = []
    for page in pages:
        stream = "".join(
            f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET\n"
            for x, y, size, font, text in page
        )
        stream += "".join(
            f"BT /F1 20 Tf 0 1 -1 0 {30 + 30 * i} 300 Tm ({text}) Tj ET\n"
            for i, text in enumerate(rotated)
        )
        body = stream.encode("cp1252")
        objects.append(b"<< /Length %d >>\nstream\n" % len(body) + body + b"endstream")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    return _assembled(objects)


def _assembled(objects: Sequence[bytes]) -> bytes:
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF"
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer % (size, len(out))


def text_block(top: float, *lines: str) -> list[Print]:
    return [(72, top - 12 * i, 10, "F1", line) for i, line in enumerate(lines)]


def scanned(data: bytes, dots: int = 150) -> bytes:
    """Give the same pages as pictures."""
    pictures = pdfium.PdfDocument.new()
    with pdfium.PdfDocument(data) as printed:
        for page in printed:
            picture = pdfium.PdfImage.new(pictures)
            picture.set_bitmap(page.render(scale=dots / 72, grayscale=True))
            width, height = page.get_size()
            picture.set_matrix(pdfium.PdfMatrix().scale(width, height))
            sheet = pictures.new_page(width, height)
            sheet.insert_obj(picture)
            sheet.gen_content()
    buffer = io.BytesIO()
    pictures.save(buffer)
    pictures.close()
    return buffer.getvalue()
