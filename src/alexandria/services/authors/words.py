"""How two words of names relate: the same, an initial, a short form, another spelling, a misprint."""

from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import OSA

from alexandria.services.authors.east_asian import is_syllable
from alexandria.services.authors.folding import sound

Relation = Literal["same", "spelling", "initial", "short form", "beginning", "misprint"]

_SHORT_FORMS = """
    abe abraham; al albert alan alfred; alex alexander alexandra alexandre alessandro aleksandr;
    andy andrew andreas; angie angela; art arthur; barb barbara; becky rebecca; ben benjamin;
    bert albert robert hubert; beth liz lisa betty elizabeth; bill will billy william; bob rob
    robert robin; brad bradley; cathy kathy kate katie katherine catherine kathryn kathleen
    katharine; charlie chuck charles; chris christopher christian christine christina; cindy
    cynthia; dan danny daniel; dave david; deb debbie deborah; denny dennis; dick rick rich richard;
    don donald; doug douglas; ed eddie ted edward edwin edgar; fred frederick alfred; gabe gabriel;
    gene eugene; gerry jerry gerald gerard; greg gregory; hal harry henry harold; hank henry; jack
    john; jake jacob; jan john; janet jan; jeff geoff jeffrey geoffrey; jen jenny jennifer; jim
    jimmy james; joe joseph; jon jonathan; josh joshua; judy judith; ken kenneth; larry lawrence
    laurence; len leonard; les leslie; liz elizabeth; lou louis; lucy lucia; maggie meg peggy
    margaret; mandy amanda; marty martin; matt matthew mathew; max maximilian; mel melvin; micky
    mike mick michael; mitch mitchell; nancy ann; nat nathaniel nathan; ned edward; nick nicholas
    nicolas nikolaus; norm norman; pam pamela; pat patrick patricia; pete peter; phil philip
    phillip; ray raymond; ron ronald; russ russell; sally sarah; sam samuel samantha; sandy
    alexander sandra; sergey sergei serge; sid sidney; steve stephen steven stefan; stu stuart;
    sue susan suzanne; ted theodore; terry terence theresa; tim timothy; tom tommy thomas; tony
    anthony antonio; val valerie valentin; vic victor; vicky victoria; vince vincent; walt walter;
    xander alexander; zach zack zachary; sasha aleksandr aleksander; misha mikhail; kolya nikolai;
    paco francisco; pepe jose; chema josemaria; manolo manuel; nacho ignacio; toni antoni antonio;
    xavi xavier; mari maria; ma maria; lena elena; mimi maria; fritz friedrich; hans johannes;
    heinz heinrich; uli ulrich; sepp josef; wolf wolfgang; jo joseph johanna; trevor trev
"""
_SHORT: dict[str, frozenset[str]] = {}
for _group in _SHORT_FORMS.split(";"):
    _names = _group.split()
    for _name in _names:
        _SHORT[_name] = _SHORT.get(_name, frozenset()) | frozenset(_names)

_FEWEST_FOR_SHORT_FORM = 3
_FEWEST_FOR_MISPRINT = 5
_FEWEST_FOR_TWO_MISPRINTS = 9


@lru_cache(maxsize=65_536)
def relate(a: str, b: str) -> Relation | None:
    """Say how two folded words may be one name, or None."""
    if a == b:
        return "same"
    short, long = sorted((a, b), key=len)
    if len(short) == 1:
        return "initial" if long.startswith(short) else None
    if is_syllable(a) and is_syllable(b):
        return None
    if sound(a) == sound(b):
        return "spelling"
    if long in _SHORT.get(short, ()):
        return "short form"
    return _by_letters(short, long)


def _by_letters(short: str, long: str) -> Relation | None:
    if len(short) >= _FEWEST_FOR_SHORT_FORM and long.startswith(short):
        return "beginning"
    allowed = 2 if len(short) >= _FEWEST_FOR_TWO_MISPRINTS else 1
    if (
        len(short) >= _FEWEST_FOR_MISPRINT
        and OSA.distance(short, long, score_cutoff=allowed) <= allowed
    ):
        return "misprint"
    return None
