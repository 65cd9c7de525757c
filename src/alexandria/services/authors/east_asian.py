"""Chinese, Korean and Vietnamese names in Latin letters, where one syllable makes another person."""

import re
from collections.abc import Sequence

_FAMILIES = frozenset(
    """
    an ao au bae baek bai ban bao bian bui cai cao cha chae chai chan chang chao chau che chen cheng
    cheong cheung chi chiang chiao chien chin ching chiu cho choi chou chow choy chu chua chuang chui
    chun chung cui dai dang dao deng diao ding dinh do doan dong dou du duan duong fan fang fei feng
    fong fu fung gan gao ge gong gu guan guo ha hahn ham han hao he heo ho hoang hong hou hsia hsiao
    hsieh hsu hu hua huang huh hui hung huo huynh hwang im jang jeon jeong ji jia jian jiang jiao jin
    jing jo joo ju jun jung kam kan kang kao ke khuu ki kim ko kong koo ku kuan kuang kuo kwak kwan
    kwok kwon kwong lai lam lan lau law le lee lei leng leung li lian liang liao lien lim lin ling
    liu lo loh lok long lou low lu luk luo luong luu lv ly lyu ma mai mao mei meng mi miao min ming
    mo moon mu na nam nghiem ng ngo nguyen ni nie nim noh oh ong ou ouyang pae pai paik pak pan pang
    park pei peng pham phan phung pi pu pyo qi qian qiao qin qiu qu quan ren rhee rim ro roh rong
    ruan ryu seo seong sha shan shang shao shen sheng shi shih shin shu si sim siu so sohn son song
    su suh sui sun sung suo ta tai tam tan tang tao teng tian ting to tong tou trinh tran truong tsai
    tsang tse tseng tso tsou tsui tu tung vo vu wan wang wei wen weng wong woo wu xi xia xian xiang
    xiao xie xin xing xiong xu xue yan yang yao ye yee yeh yeo yeom yeon yi yim yin ying yip yiu yoo
    yoon you yu yuan yue yuen yun yuk zang zeng zha zhai zhan zhang zhao zhen zheng zhong zhou zhu
    zhuang zhuo zong zou zuo
    """.split()  # noqa: SIM905 - a table of words
)
_SYLLABLE = (
    r"(?:zh|ch|sh|ts|hs|ph|th|kh|ngh?|nh|tr|gi|qu|kw|hw|kk|tt|pp|ss|jj|[bpmfdtnlgkhjqxrzcswyv])?"
    r"(?:[aeiou]{1,3}|y[aeou]{1,2}|y|[iua]y[ae]?|[aeou]y)"
    r"(?:ng|nh|ch|[nmptcklrhbg])?"
)
_ONE = re.compile(rf"{_SYLLABLE}$")
_SOME = re.compile(rf"(?:{_SYLLABLE}){{1,3}}$")
_LONGEST_SYLLABLE = 6


def is_syllable(word: str) -> bool:
    """Whether it may be one syllable of such a name."""
    return 1 < len(word) <= _LONGEST_SYLLABLE and _ONE.match(word) is not None


def is_of_syllables(word: str) -> bool:
    """Whether it may be one to three syllables of such a name, written together."""
    return len(word) > 1 and _SOME.match(word) is not None


def is_east_asian_name(words: Sequence[str]) -> bool:
    """Whether folded words look like such a name: a family name first or last, then syllables.

    A Western given name or initials beside them ("Tom Bong-yeung Lai") do not count against it.
    """
    if len(words) < 2 or not ({words[0], words[-1]} & _FAMILIES):
        return False
    rest = words[:-1] if words[-1] in _FAMILIES else words[1:]
    return any(is_of_syllables(w) for w in rest) or all(len(word) == 1 for word in rest)
