"""Words that change what a sentence says: no similarity outweighs them."""
# ruff: noqa: SIM905 - lists of words read better as words

NEGATIONS = frozenset(
    """no not never none nobody nothing nowhere neither nor cannot can't cant don't dont doesn't doesnt
    didn't didnt won't wont isn't isnt aren't arent wasn't wasnt weren't werent hasn't hasnt haven't
    havent hadn't hadnt shouldn't shouldnt wouldn't wouldnt couldn't couldnt mustn't mustnt without
    unless except excluding hardly barely scarcely fail fails failed lack lacks lacking absent deny
    denies denied refuse refuses refused reject rejects rejected false""".split()
)  # fmt: skip
QUANTIFIERS = frozenset(
    """all every each any some few many most much several both either half only almost nearly always often usually
    sometimes rarely seldom everyone someone anyone everything something anything entire whole partly partially fully
    completely about approximately approx around roughly circa""".split()
)  # fmt: skip
BOUNDS = frozenset(
    """least less more than fewer greater smaller larger higher lower under over above below up down maximum minimum
    max min between within exceed exceeds exceeding exceeded beyond before after until since by from to until inclusive
    exclusive strictly equal equals at most into onto out off in""".split()
)  # fmt: skip
SIGNS = frozenset(
    """loss losses lose loses lost deficit shortfall decrease decreases decreased drop drops dropped fall falls fell
    fallen decline declines declined reduction reduced owe owes owed owing debit debits debited debt credit credits
    credited dr cr minus negative plus positive gain gains gained profit profits increase increases increased rise
    rises rose refund short long""".split()
)  # fmt: skip
POWERS = frozenset(
    """half third thirds quarter quarters tenth tenths hundredth hundredths thousandth thousandths squared cubed
    factorial twice double doubled triple tripled times log sqrt root""".split()
)  # fmt: skip
DOUBTS = frozenset(
    """unable unknown unclear undetermined impossible determine insufficient maybe perhaps possibly probably might
    may could should must shall unsure uncertain""".split()
)  # fmt: skip

GUARDS = NEGATIONS | QUANTIFIERS | BOUNDS | SIGNS | DOUBTS
"""Each of them counts in a comparison of sentences."""

NUMBER_GUARDS = (
    NEGATIONS
    | BOUNDS - {"at", "in", "by", "to", "from", "equal", "equals"}
    | SIGNS
    | POWERS
    | DOUBTS
    | frozenset("about approximately approx around roughly circa almost nearly only half".split())
)
"""Beside a number they make it another number, or a bound."""

FILLERS = frozenset(
    """the a an is are was were it its this that these those be been so therefore thus hence then of answer final
    result total sum value amount equals equal i.e namely please note here just my our your their there and""".split()
)  # fmt: skip
"""They add nothing to what is said."""
