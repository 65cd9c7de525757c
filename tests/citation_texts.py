"""References, lists and articles that several tests read."""

PRINTED = [
    (
        "Moe, A. and Roe, B. (1999). Tides of the northern sea. Journal of Marine Research, "
        "12(3), 45-67. doi:10.1000/JMR.1999.45"
    ),
    (
        "A. Moe, B. Roe, Tides of the northern sea, Journal of Marine Research 12 (3) (1999) "
        "45-67, https://doi.org/10.1000/jmr.1999.45"
    ),
    (
        'A. Moe and B. Roe, "Tides of the northern sea," Journal of Marine Research, vol. 12, '
        "no. 3, pp. 45-67, 1999. doi: 10.1000/jmr.1999.45"
    ),
    (
        "Moe A, Roe B. Tides of the northern sea. Journal of Marine Research. "
        "1999;12(3):45-67. doi: 10.1000/jmr.1999.45."
    ),
]

LIST = """References
[1] A. Moe, B. Roe, Tides of the northern sea, Journal of Marine Re-
search 12 (1999) 45-67.
[2] C. Doe, Winds over a dry plain, Atmospheric Letters 3 (2002)
1-12.
[3] D. Poe, E. Noe, Frost on high ground, in: Proceedings of the
Second Conference on Ice, Springer, 2004, pp. 7-19.
"""

BODY = (
    "The tide rises twice a day, and as was shown by Moe (1999), it does so along the whole of\n"
    "the coast. We measured the height at seven places for eleven months, as others did before\n"
    "us. The results are given in the next section, with a discussion of what they may mean.\n"
)

JATS = """<article><front><article-meta><title-group><article-title>T</article-title></title-group>
</article-meta></front><body><p>Text.</p></body><back><ref-list>
<ref id="a"><label>1</label><element-citation publication-type="journal"><person-group
person-group-type="author"><name><surname>Moe</surname><given-names>A</given-names></name>
</person-group><year>1999</year><article-title>Tides</article-title><source>J Sea</source>
<volume>12</volume><fpage>45</fpage><lpage>67</lpage>
<pub-id pub-id-type="doi">10.1000/X</pub-id></element-citation></ref>
<ref id="b"><element-citation publication-type="book"><person-group person-group-type="author">
<collab>Ice Group</collab></person-group><source>Frost</source><year>2004</year>
</element-citation></ref>
<ref id="c"><mixed-citation>Doe, C. (2002). Winds over a dry plain. Atmospheric Letters, 3,
1-12.</mixed-citation></ref>
</ref-list></back></article>"""


def reference(number: int) -> dict[str, object]:
    author, title, journal = f"Moe{number}, A", f"On tide number {number}", "J. Sea"
    return {
        "source": "made/up",
        "raw": f"{author}. {1950 + number}. {title}. {journal} {number}, {number}1-{number}9.",
        "author": author,
        "title": title,
        "journal": journal,
        "date": str(1950 + number),
        "volume": str(number),
        "pages": f"{number}1-{number}9",
    }


REFERENCES = [reference(number) for number in range(20, 60)]
