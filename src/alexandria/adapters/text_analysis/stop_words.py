"""Words of each language that say nothing about what a text is about."""
# ruff: noqa: RUF001 - letters of other scripts look like Latin ones

from collections.abc import Mapping

_WORDS = {
    "en": """
        a about above after again against all almost along already also although always am among an
        and another any are around as at be became because become becomes been before being below
        between both but by can cannot could did do does doing done down due during each either else
        etc ever every for from further had has have having he her here hers herself him himself his
        how however i if in into is it its itself just less let made make makes many may me might
        mine more most much must my myself neither no nor not now of off often on once one only onto
        or other others our ours ourselves out over own per perhaps quite rather same shall she
        should since so some such than that the their theirs them themselves then there therefore
        these they this those though through thus to too toward towards under until up upon us very
        was we were what whatever when where whether which while who whole whom whose why will with
        within without would yet you your yours yourself
    """,
    "de": """
        aber alle als also am an auch auf aus bei beim bis da damit dann das dass dem den denn der
        des die dies diese diesem diesen dieser dieses doch durch ein eine einem einen einer eines er
        es für gegen hat haben hier ich ihr ihre im in ins ist ja jede jeder kann kein keine können
        mehr mit nach nicht noch nur ob oder ohne sehr sein seine sich sie sind so sowie über um und
        uns unter vom von vor war waren was wenn werden wie wir wird wurde wurden zu zum zur zwischen
    """,
    "fr": """
        à au aux avec ce ces cet cette comme d dans de des du elle elles en entre est et être eux il
        ils j je l la le les leur leurs lui mais même n ne nos notre nous on ont ou où par pas plus
        pour qu que quel quelle qui s sa sans se ses si son sont sous sur très un une vos votre vous
    """,
    "es": """
        a al ante con como cual cuando de del desde donde e el ella ellos en entre era es esta este
        estos fue ha han hasta la las le les lo los más me mi muy ni no nos o para pero por porque
        que quien se según ser si sin sobre son su sus también tras un una uno unos y ya
    """,
    "it": """
        a ad agli ai al alla alle anche che chi ci come con cui da dagli dai dal dalla dalle degli
        dei del della delle di e ed è era gli ha hanno i il in io l la le lo ma mi ne negli nei nel
        nella nelle noi non o per più quale quando quello questa questo se si sono su sua sue sugli
        sul sulla suo tra un una uno
    """,
    "pt": """
        à ao aos as às até com como da das de dela dele do dos e ela ele em entre era essa esse esta
        este eu foi há isso isto já lhe mais mas me mesmo na nas não no nos nós o os ou para pela
        pelas pelo pelos por qual quando que quem se sem ser seu seus sua suas são também um uma
    """,
    "nl": """
        aan al als bij dan dat de der deze die dit door een en er had heb heeft het hij hoe hun ik in
        is je kan maar me meer met mijn na naar niet nog nu of om onder ons ook op over te tegen tot
        uit van veel voor waar was wat we wel werd wie wordt zijn ze zich zij zo
    """,
    "sv": """
        alla att av de dem den denna det detta du efter eller en ett från för ha han har hon hur i
        inte jag kan med men mot mycket när och om på sig sin som så till under upp ut var vi vid är
    """,
    "da": """
        af alle at blev den der deres det dette du efter eller en er et for fra ham han har havde hun
        hvor i ikke jeg kan med men mod når og også om over på sig sin som så til ud under var ved vi
    """,
    "no": """
        alle at av ble da de den denne der det dette du eller en er et etter for fra ha han har hun
        hvor i ikke jeg kan med men mot når og også om opp på seg sin som så til ut var ved vi
    """,
    "pl": """
        a aby ale bez być był była co czy dla do go i ich jak jako jest już ku lub ma nad nie niż o
        od oraz po pod przed przez przy się są ta tak te tego tej ten to w we wśród z za ze że
    """,
    "ru": """
        а без бы был была были было в вас вы да для до его ее если есть же за и из или им их к как
        ко когда который которые ли между мы на над не него нее нет ни но о об он она они от по под
        при с со так также то только у уже чем что это этого эта эти этот я
    """,
}
STOP_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split()) for language, words in _WORDS.items()
}
"""ISO 639-1 code to words in lower case."""
