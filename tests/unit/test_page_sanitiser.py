import re

import pytest

from alexandria.adapters.page_sanitiser import sanitise
from alexandria.errors import ExtractionError

PICTURE = "data:image/png;base64,iVBORw0KGgo="

HOSTILE = {
    "a script": "<script>steal()</script>",
    "a script in capitals": "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "a script cut in two": "<scr<script>ipt>steal()</scr</script>ipt>",
    "a handler": '<p onclick="steal()" onmouseover=steal()>text</p>',
    "a handler of a picture": "<img src=x onerror=steal()>",
    "a drawing": "<svg><script>steal()</script><a xlink:href='javascript:steal()'>x</a></svg>",
    "a formula": "<math><mtext><table><mglyph><style><img src=x onerror=steal()>",
    "an address that acts": "<a href='java\tscript:steal()'>x</a><a href=' JaVaScRiPt:steal()'>x</a>",
    "an address with data": "<a href='data:text/html,<script>steal()</script>'>x</a>",
    "a frame": "<iframe src='https://evil.example/'></iframe><object data='//evil.example/x'></object>",
    "a frame with a page in it": "<iframe srcdoc='<script>steal()</script>'></iframe>",
    "a picture from elsewhere": "<img src='https://evil.example/t.gif' srcset='//evil.example/2x 2x'>",
    "a background": "<div style='background:url(https://evil.example/t.gif)'>x</div>",
    "a sheet of styles": "<style>@import 'https://evil.example/a.css';</style>",
    "a link that is loaded": "<link rel=stylesheet href='https://evil.example/a.css'>",
    "a base": "<base href='https://evil.example/'>",
    "a page that goes on": "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "a form": "<form action='https://evil.example/'><input name=q><button formaction=//evil.example>",
    "a title that ends early": "<title></title><script>steal()</script></title>",
    "a comment": "<!--><script>steal()</script>--><!-- <img src=//evil.example/t.gif> -->",
    "a picture of another kind": "<img src='data:text/html,<script>steal()</script>'>",
    "a sound and a film": "<audio src=//evil.example/a></audio><video poster=//evil.example/p></video>",
    "a link that tells where it is": "<a ping='https://evil.example/' href='#x'>x</a>",
    "no text at the end": "<noscript><p title='</noscript><img src=x onerror=steal()>'>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_acts_or_loads_is_left(name: str) -> None:
    page = sanitise(f"<html><body><p>Kept.</p>{HOSTILE[name]}</body></html>".encode(), None)
    assert "<p>Kept.</p>" in page
    markup = "".join(re.findall(r"<[^>]*>", page.partition("<body>")[2]))
    for wrong in ("steal", "script", "evil", "onerror", "style", "src", "<form", "<meta", "srcdoc"):
        assert wrong not in markup.lower()


def test_text_tables_and_inline_pictures_stay() -> None:
    source = (
        "<html lang=de><title>A &lt;b&gt; title</title><body><main><h1 id=top>Über Zürich</h1>"
        f"<table><tr><td colspan=2>1</td></tr></table><img alt=dot src='{PICTURE}'>"
        "<img alt='A map' src='/map.png'><a href='#top'>up</a></main></body></html>"
    )
    page = sanitise(source.encode("latin-1"), None)
    assert '<html lang="de">' in page
    assert "<title>A &lt;b&gt; title</title>" in page
    assert '<h1 id="top">Über Zürich</h1>' in page
    assert '<td colspan="2">1</td>' in page
    assert f'src="{PICTURE}"' in page
    assert '<img alt="A map">' in page
    assert re.search(r'<a href="#top"(?! target)[^>]*>up</a>', page)


@pytest.mark.parametrize(
    ("address", "url", "expected"),
    [
        ("more.html", "https://a.example/x/y.html", "https://a.example/x/more.html"),
        ("//b.example/z", "https://a.example/x/y.html", "https://b.example/z"),
        ("https://b.example/z", None, "https://b.example/z"),
        ("mailto:a@b.example", None, "mailto:a@b.example"),
        ("more.html", None, None),
        ("/ui/settings", None, None),
        ("http://[", "https://a.example/", None),
        ("file:///etc/passwd", "https://a.example/", None),
    ],
)
def test_links_lead_where_they_led_and_open_beside(
    address: str, url: str | None, expected: str | None
) -> None:
    page = sanitise(f"<body><a href='{address}' target=_top>x</a></body>".encode(), url)
    if expected is None:
        assert "href=" not in page
    else:
        assert f'<a href="{expected}" target="_blank" rel="noopener noreferrer">x</a>' in page


def test_a_page_nested_without_end_is_still_shown() -> None:
    page = sanitise(b"<body>" + b"<div>" * 50_000 + b"deep" + b"</body>", None)
    assert page.count("<div>") < 50_000


def test_an_empty_page_is_told() -> None:
    with pytest.raises(ExtractionError, match="empty"):
        sanitise(b"<!-- -->", None)
