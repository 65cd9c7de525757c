"""What LaTeX commands stand for, as far as titles, names and abstracts use them."""
# ruff: noqa: RUF001 - look-alike characters are what this file is about

COMBINING = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "c": "\u0327",
    "v": "\u030c",
    "u": "\u0306",
    "H": "\u030b",
    "d": "\u0323",
    "b": "\u0331",
    "k": "\u0328",
    "r": "\u030a",
    "acute": "\u0301",
    "grave": "\u0300",
    "hat": "\u0302",
    "ddot": "\u0308",
    "tilde": "\u0303",
    "bar": "\u0304",
    "dot": "\u0307",
    "check": "\u030c",
    "breve": "\u0306",
}

# Pairs "command character", separated by spaces.
_PAIRS = """
ss ß SS ẞ ae æ AE Æ oe œ OE Œ o ø O Ø aa å AA Å l ł L Ł dh ð DH Ð th þ TH Þ dj đ DJ Đ ng ŋ NG Ŋ
i ı j ȷ S § P ¶ copyright © textcopyright © textregistered ® texttrademark ™ pounds £ euro €
texteuro € textsterling £ textdegree ° degree ° textendash – textemdash — textquoteleft ‘
textquoteright ’ textquotedblleft “ textquotedblright ” guillemotleft « guillemotright »
flqq « frqq » glqq „ grqq “ ldots … dots … textellipsis … cdots ⋯ textasciitilde ~ textasciicircum ^
textbackslash \\ textunderscore _ textbar | textless < textgreater > textbullet • textmu µ
textperiodcentered · slash / textquotesingle ' textquotedbl " quotesinglbase ‚ quotedblbase „
alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ
lambda λ mu μ nu ν xi ξ omicron ο pi π rho ρ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ chi χ
psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
times × div ÷ pm ± mp ∓ cdot · ast ∗ star ⋆ circ ∘ bullet • leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ approx ≈
sim ∼ simeq ≃ cong ≅ equiv ≡ propto ∝ ll ≪ gg ≫ infty ∞ partial ∂ nabla ∇ int ∫ sum ∑ prod ∏ sqrt √
in ∈ notin ∉ subset ⊂ subseteq ⊆ supset ⊃ cup ∪ cap ∩ emptyset ∅ forall ∀ exists ∃ neg ¬ wedge ∧
vee ∨ oplus ⊕ otimes ⊗ perp ⊥ parallel ∥ angle ∠ rightarrow → to → leftarrow ← leftrightarrow ↔
Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ uparrow ↑ downarrow ↓ mapsto ↦ ell ℓ hbar ℏ Re ℜ Im ℑ
aleph ℵ prime ′ dagger † ddagger ‡ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ mid | vert |
lbrace { rbrace } TeX TeX LaTeX LaTeX LaTeXe LaTeX2ε BibTeX BibTeX ohm Ω percent % textohm Ω
"""
_WORDS = _PAIRS.split()
SYMBOLS = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))

SPACES = frozenset({" ", ",", ";", ":", ">", "\n", "\t", "quad", "qquad", "space", "newline", "\\"})
NOTHING = frozenset({"/", "-", "!", "(", ")", "[", "]", "@", "|"})

# Font, size and layout switches: they vanish, their argument stays.
SWITCHES = frozenset(
    """
    em it bf rm tt sf sl sc cal itshape bfseries scshape slshape upshape mdseries rmfamily sffamily
    ttfamily normalfont tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge
    relax protect noindent centering par limits displaystyle textstyle left right big Big bigl bigr
    boldmath unboldmath ensuremath mathrm mathbf mathit mathsf mathtt mathcal mathbb mathfrak text
    textit textbf textsc textsl textsf texttt textrm textup textmd textnormal emph underline mbox
    hbox fbox uppercase lowercase url path enquote mkbibquote mkbibemph mkbibitalic mkbibbold
    textsubscript mathsubscript boldsymbol operatorname foreignlanguage textgreek textcyr
    """.split()  # noqa: SIM905 - a table of words
)

# These vanish with their first argument.
WITH_ARGUMENT = frozenset(
    """
    noopsort label footnote cite citep citet href hspace vspace color textcolor switchargs
    SortNoop printfirst bibinfo bibnamefont fontsize
    """.split()  # noqa: SIM905 - a table of words
)

SUPERSCRIPTS = dict(zip("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", strict=True))
