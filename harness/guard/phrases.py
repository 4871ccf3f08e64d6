"""Phrases that speak to the model that reads them, as regular expressions over case-folded text with single blanks."""
# ruff: noqa: E501, ISC004 - a table: one phrase per line, in its own alphabet

from collections.abc import Mapping
from types import MappingProxyType

_OVERRIDES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "en": (
            r"\b(?:ignore|disregard|forget|override|overrule|bypass|do not follow|don['’]?t follow|pay no attention to)",
            r"others|(?:everything|anything) (?:else|above|before|you)|(?:instruction|rule|prompt|answer|option|group|"
            r"response|candidate|direction|guideline)s?",
        ),
        "de": (
            r"\b(?:ignorier\w*|missacht\w*|vergiss|vergessen sie|beachte?n? nicht|übergeh\w*)",
            r"(?:die |alle |den )anderen|übrigen|(?:an)?weisung\w*|antwort\w*|regeln|vorgaben",
        ),
        "fr": (
            r"\b(?:ignore[zr]?|oublie[zr]?|ne (?:tiens|tenez) pas compte|neglige[zr]?|néglige[zr]?)",
            r"(?:les|des) autres|instructions?|consignes?|r[ée]ponses?|ce qui pr[ée]c[èe]de",
        ),
        "es": (
            r"\b(?:ignor(?:a|e|en|ar)|olvid(?:a|e|en|ar)|descart(?:a|e|en|ar)|no hagas caso|haz caso omiso)",
            r"(?:las|los|l[oa]s) (?:otr[ao]s|dem[áa]s)|instrucci\w*|respuestas?|reglas",
        ),
        "pt": (
            r"\b(?:ignor(?:a|e|em|ar)|esque[çc]a\w*|desconsider\w*)",
            r"(?:as|os) (?:outr[ao]s|demais)|instru[çc]\w*|respostas?|regras",
        ),
        "it": (
            r"\b(?:ignora(?:te|re)?|dimentica(?:te|re)?|trascura(?:te|re)?)",
            r"altr[ei]|istruzion\w*|rispost\w*|regole",
        ),
        "nl": (r"\b(?:negeer|vergeet)", r"anderen?|instructies|antwoorden|regels"),
        "pl": (
            r"\b(?:z?ignoruj\w*|zapomnij\w*|pomi[ńn]\w*)",
            r"inn[eyc]\w*|pozosta[łl]e|instrukcj\w*|odpowied\w*|polece[ńn]\w*",
        ),
        "tr": (r"\b(?:diğer\w*|önceki\w*|tüm|yukarıdaki)", r"yok say\w*|görmezden gel\w*|unut\w*|dikkate alma\w*"),
        "ru": (
            r"\b(?:про)?(?:игнорир\w*|забудь\w*|отбрось\w*|не обращай\w* внимани\w*)",
            r"други\w*|остальн\w*|предыдущ\w*|инструкц\w*|указани\w*|ответ\w*|правил\w*",
        ),
        "ar": (r"(?:تجاهل|انس\b|لا تلتفت)", r"الأخرى|الاخرى|الآخرين|السابقة|التعليمات|الإجابات|الاجابات"),
        "hi": (r"(?:अन्य|पिछले|पिछली|दूसरे|निर्देश|उत्तर|जवाब)", r"अनदेखा|नज़रअंदाज़|नजरअंदाज|भूल जा|उपेक्षा"),
        "zh": (
            r"(?:忽略|无视|無視|不要理会|忘记|忘記|不理會)",
            r"其他|其它|以上|之前|先前|指令|指示|答案|回答|规则|規則",
        ),
        "ja": (r"(?:他の|以前|上記|前述|すべて|全て|指示|回答)", r"無視|忘れ"),
        "ko": (r"(?:다른|이전|위의|모든|지시|답변)", r"무시|잊"),
    }
)
"""By language: how a sentence begins that passes over the others or the rules, and what follows in it."""

_LABEL = (
    r"(?:answer|option|group|choice|candidate|response|antwort|gruppe|r[ée]ponse|groupe|respuesta|grupo|opci[óo]n|resposta|"
    r"risposta|gruppo|antwoord|groep|odpowied\w*|ответ\w*|групп\w*|вариант\w*|cevap|yanıt)"
)
_ONE = r"(?:(?:number|nr\.?|no\.?) )?[\"'(\[*]{0,2}(?:[a-h]|[1-8])\b"
_SELF = r"(?:me|mine|mich|moi|меня|this one|this (?:answer|group|option)|diese (?:antwort|gruppe)|esta respuesta|cette r[ée]ponse)\b"
_CHOOSE = (
    r"\b(?:choose|pick|select|vote for|prefer|favou?r|declare|w[äa]hl\w*|nimm|entscheide\w* (?:dich|sich) f[üu]r|"
    r"chois\w*|s[ée]lectionn\w*|elig\w*|elij\w*|selecci\w*|escolh\w*|scegli\w*|kies|wybierz\w*|выб(?:ер|ир)\w*|seç\w*)"
)
_SAYING = r"(?:say|reply|respond|answer|output|return|write|sag\w*|antworte\w*|r[ée]ponds?|responde|rispondi|ответь\w*)"

PHRASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "override": tuple(rf"{start}[^.!?。！？\n]{{0,60}}?(?:{rest})" for start, rest in _OVERRIDES.values()),
        "choice": (
            rf"{_CHOOSE} (?:the |die |la |el |a |o |de )?(?:{_LABEL} {_ONE}|{_SELF})",
            rf"{_CHOOSE} {_ONE}(?=[\s\"')\]*]{{0,3}}(?:$|[.,;:!?\n]|and\b|und\b|et\b|y\b|as\b|because\b))",
            r"(?:选择|选|選擇|選べ|選択|선택).{0,6}?[a-h1-8]|\b[a-h1-8].{0,4}?(?:を選|를 선택|을 선택|चुन)|اختر.{0,20}",
            rf"\b{_SAYING} (?:with |only |just |mit )?[\"'(*]{{0,3}}(?:same|different|identical|equivalent|none)\b",
            r"\b(?:treat|declare|mark|judge|rate|consider|call) (?:them|both|these|the (?:two )?answers|all)"
            r"(?: as)?(?: the)? (?:same|equivalent|identical|equal)\b",
        ),
        "role": (
            r"\b(?:dear|hey|attention|note to|message (?:to|for)|instructions? (?:to|for)|as) (?:the |an? |any |all )?"
            r"(?:ai |llm |language model |impartial |automated )?(?:judge|grader|evaluator|reviewer|assistant|llm|ai)s?\b",
            r"\byou are (?:now )?(?:the |an? )(?:\w{1,20} )?(?:judge|grader|evaluator|referee|assistant|language model|ai)\b",
            r"\b(?:new|updated|revised|real|actual|hidden) (?:system )?(?:instructions?|prompts?|task|rules) ?:",
            r"\b(?:lieber? richter|an den richter|cher juge|(?:querido|estimado) juez|caro giudice|уважаемый судья|"
            r"aan de rechter|szanowny s[ęe]dzio|sayın hakem)\b",
            r"(?:致|亲爱的|尊敬的).{0,3}(?:评委|裁判|评审|評審)|(?:審査員|裁判官|評価者).{0,3}(?:へ|様)|(?:심사위원|평가자).{0,3}(?:에게|님)",
        ),
        "markup": (
            r"<\|[a-z_]{2,30}\|>|\[/?inst\]|<</?sys>>|</?(?:system|assistant|instructions?)>",
            r"^[ \t]{0,3}(?:#{1,4} ?)?(?:system|assistant|human|user) ?: ?\S",
            r"^[ \t>*_`#-]{0,10}verdict[ \t*_]{0,4}[:=]",
            r"^\W{0,10}(?:begin|end) (?:of )?(?:answer|group|question)\b",
        ),
    }
)  # fmt: skip
"""By sign."""
