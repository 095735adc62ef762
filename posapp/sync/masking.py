"""What the sync log may keep of a request and its answer: everything that explains it, nothing about a person. Pure.

The rule works the safe way round. A *text* is kept only under a key that is known to be harmless (`is_plain_key`: ids,
dates, sums, statuses, the portal's own error); numbers, flags and dates are kept under any key that names no person;
every other text becomes `•••`. So a field that Bitrix or a shop adds tomorrow is hidden, not shown. Then

- *secrets* – tokens, keys, hashes, passwords, addresses with a key in their path – are hidden under any key,
- *personal fields* – names, phones, e-mails, addresses, comments, tax numbers, the values of an order's properties,
  whatever `crm.*` and `user.*` answer – are hidden whatever they hold; of a phone its last two digits stay,
- *kept texts* lose what can be recognised (phones, e-mails, cards, INN of persons, first names with what stands beside
  them, addresses, long tokens) and every word that the same exchange shows in a personal field, or that is known of the
  order's buyer: an error may quote the buyer.
- *the program's own secrets* are struck out letter by letter, wherever they stand.

Goods keep their names: they are what a manager looks for. Our own list of receipts in a comment stays, people's words
around it go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from posapp.sync.masking_names import without_names

HIDDEN = "•••"
BODY_MAX = 16 * 1024
"""Bytes of UTF-8 that are kept of a request, and of an answer."""
TEXT_MAX = 600
"""Characters of one kept text."""
DEPTH_MAX = 12
_LEAVES_MAX = 20_000  # looked at for words that name a person
_WORDS_MAX = 2_000
_MORE = "…"

# ------------------------------------------------------------------------------------------------ keys
_LETTERS = re.compile(r"[^a-z0-9]")
_SECRET = re.compile(r"token|secret|passw|passwd|authid|refreshid|apikey|signature|webhook|credential|cookie|session")
_SECRETS = frozenset(("auth", "authorization", "hash", "pass", "pwd", "pin", "sign", "code1c", "printurl", "checkurl"))
_PERSONAL = re.compile(
    r"phone|mail|address|addr$|birth|passport|snils|inn$|kpp$|ogrn|lastname|secondname|firstname|fullname|middlename"
    r"|fio|login|username|buyer|customer|recipient|contactperson|contactname|person$|userdescription|additionalinfo"
    r"|comment|telegram|skype|whatsapp|useragent|street|apartment|geo"
)
_PERSONAL_TREES = frozenset(
    ["propertyvalues", "properties", "clients", "client", "contact", "contacts", "user", "users", "phone", "email"]
)
"""What stands under these keys is about a person, whatever its own keys are called."""
_PROPERTIES = ("propertyvalues", "properties", "property")
_LABELS = frozenset(("name", "code", "type", "xmlid", "orderpropsxmlid"))
"""In an order's properties: which property it is. Its value is what is hidden."""
_PERSONAL_METHODS = ("crm.", "user.", "profile", "im.", "department.")

_PLAIN_END = re.compile(r"(?:id|ids|date|at|sum|price|currency|quantity|status|statusid|xmlid|num|number|count|cod)$")
_PLAIN_START = re.compile(r"^(?:date|is|has|vat|tax|measure|price|discount|ps|emp|rq(?=id))")
_PLAIN_WORDS = """
    accountnumber account active allowdelivery amount available action actionfile bindings barcode basket basketid
    canbuy canbuyzero canceled cancel canprintcheck code conducted deducted deliveryname dimensions documenttype
    doctype element entitytype entity error errordescription errormessage event events ex1c exception externalorder
    externalpayment externaldelivery fields filter halt handler id iscash isreturn lid limit marked measurename
    message method module mode next operation operating order ordertopic page paid payed paysystemname paysystemxmlid
    persontype productname productproviderclass psinvoiceid psmode psstatus psstatuscode psstatusdescription
    psstatusmessage purpose quantitytrace reasonmarked recountflag responsible resultcode result scope scopes select
    server sort start status storename system time title1c total tradebindings trackingstatus type updated1c value1c
    version version1c weight xmlid
"""
_GOODS_WORDS = """
    basketitems basketitem products product elements element offers offer services service sku units measures measure
    vats vat stores store sections section catalogs catalog paysystems paysystem statuses orderstatus deliveries
    delivery persontypes prices pricetypes shipmentitems documents cashboxes
"""
_PLAIN, _GOODS = frozenset(_PLAIN_WORDS.split()), frozenset(_GOODS_WORDS.split())
_GOODS_METHODS = ("catalog.", "sale.paysystem.", "sale.status", "sale.delivery", "sale.basketitem", "sale.persontype",
                  "sale.property.", "sale.cashbox")  # fmt: skip

# ------------------------------------------------------------------------------------------------ texts
_BLOCK = re.compile(r"\{posapp1[^{}]*\}")
_HARMLESS = re.compile(r"[YN]|-?[0-9]{1,9}(?:[.,][0-9]{1,6})?|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.+Z-]{2,20})?|")
_NAME = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?"
_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(/rest/\d+/)[^/\s\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"((?i:\b(?:hash|auth|[a-z_]*token|[a-z_]*secret|password|key)=))[^&\s\"';]+"), rf"\1{HIDDEN}"),
    (re.compile(r"((?i:bearer|basic)\s+)[^\s\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"(://[^\s/:@\"']+:)[^\s/@\"']+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), HIDDEN),
    # Cards, in their groups or in one piece: they begin with 2…6, a fiscal storage's number with 7…9, the register's
    # with 0. In one piece a number that is no payment card's length is one only by its check digit (`_card`).
    (re.compile(r"(?<![\d=])\d{4}(?:[\s\u00a0-]{1,2}\d{4}){2}(?:[\s\u00a0-]{1,2}\d{1,7}){1,2}(?!\d)"), HIDDEN),
    (re.compile(r"(?<![\d=])3\d{3}[\s\u00a0-]\d{6}[\s\u00a0-]\d{4,5}(?!\d)"), HIDDEN),
    # A phone of Russia with or without its prefix, and any number that begins with a plus.
    (re.compile(r"(?<![\d.=:])(?:\+?[78])[\s(-]{0,2}\d{3}[\s)-]{0,2}\d{3}[\s-]?\d{2}[\s-]?\d{2}(?!\d)"), HIDDEN),
    (re.compile(r"(?<![\d.=:])9\d{2}[\s)-]{1,2}\d{3}[\s-]?\d{2}[\s-]?\d{2}(?!\d)"), HIDDEN),
    (re.compile(r"\+\d[\d\s()-]{8,16}\d"), HIDDEN),
    (re.compile(r"(?i:\bинн\b)\D{0,3}\d{10,12}"), f"ИНН {HIDDEN}"),
    # Long random words: keys of webhooks, tokens, hashes. A receipt's key has 16 characters and stays.
    (re.compile(r"\b(?=[A-Za-z0-9]*[A-Za-z])(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{20,}\b"), HIDDEN),
    (re.compile(rf"(?:{_NAME}\s+){{1,2}}[А-ЯЁ][а-яё]+(?:вич|вна|ична|ьич|оглы|кызы)(?:[ауеы]|ем|ой|у)?\b"), HIDDEN),
    (re.compile(rf"\b{_NAME}\s+[А-ЯЁ]\.\s?[А-ЯЁ]\.?"), HIDDEN),
    (re.compile(rf"\b[А-ЯЁ]\.\s?[А-ЯЁ]\.\s?{_NAME}"), HIDDEN),
    (re.compile(r"(?i:\b(?:г|гор|ул|улица|пр-т|пр-кт|проспект|пер|переулок|б-р|бульвар|наб|ш|мкр|пос|обл)\b\.?)\s*"
                r"[А-ЯЁ][^;:\n«»]{2,80}"), HIDDEN),
    (re.compile(r"(?i:\b(?:кв|квартира|подъезд|домофон|дом)\b\.?)\s*\d+\w?"), HIDDEN),
)  # fmt: skip
_CARD = re.compile(r"(?<![\d=])[2-6]\d{12,18}(?!\d)")
_TWELVE = re.compile(r"(?<![\d=])\d{12}(?!\d)")
_INN_WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_WORD = re.compile(r"[A-Za-zА-Яа-яЁё]{2,}|\d{6,}")
_STEM_MIN = 4
"""Letters. A shorter word of a person's field need be no name; a known buyer's is one where it is capitalised."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a key says of the values under it; `plain` is the key in small letters and digits."""

    plain: str
    shown: str
    is_secret: bool
    is_hidden: bool  # a secret, or a person's, wherever it stands
    is_hidden_of_person: bool  # where it stands in something about a person
    is_id: bool  # kept there, too
    is_label: bool  # and this in an order's properties
    is_name: bool
    is_plain: bool
    is_tree: bool


@lru_cache(maxsize=8192)
def _rule(name: str) -> _Rule:
    plain = _LETTERS.sub("", name[:80].lower())
    is_secret = plain in _SECRETS or bool(_SECRET.search(plain))
    is_personal = bool(_PERSONAL.search(plain)) and plain not in ("persontypeid", "persontypexmlid")
    is_known = plain in _PLAIN or bool(_PLAIN_END.search(plain) or _PLAIN_START.match(plain))
    return _Rule(
        plain=plain,
        shown=masked_text(name) if len(name) <= 64 else HIDDEN,
        is_secret=is_secret,
        is_hidden=is_secret or is_personal,
        is_hidden_of_person=plain in ("value", "values", "post", "title") or plain.endswith("name"),
        is_id=plain.endswith(("id", "ids", "date")),
        is_label=plain in _LABELS,
        is_name=plain in ("name", "title"),
        is_plain=is_known and not is_secret and not is_personal,
        is_tree=plain in _PERSONAL_TREES,
    )


def is_plain_key(key: str) -> bool:
    """Whether a text under this key of Bitrix may be known to be harmless (`name` and `title`: of goods they are)."""
    rule = _rule(key)
    return rule.is_plain or rule.is_name


@lru_cache(maxsize=4096)
def masked_text(text: str) -> str:
    """A text for people without what can be recognised as personal or secret."""
    for pattern, shown in _TEXTS:
        text = pattern.sub(shown, text)
    text = _CARD.sub(lambda found: HIDDEN if _is_card(found.group()) else found.group(), text)
    return _TWELVE.sub(lambda found: HIDDEN if _is_inn(found.group()) else found.group(), text)


def _is_card(digits: str) -> bool:
    """A card's number: of 16, 18 or 19 digits, or one whose check digit (Luhn) is right; a barcode has 13 or 14."""
    doubled = [int(each) * (1 + place % 2) for place, each in enumerate(reversed(digits))]
    return len(digits) in (16, 18, 19) or sum(each - 9 * (each > 9) for each in doubled) % 10 == 0


def struck(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, in capitals or not."""
    lowered = text.casefold()
    for each in secrets:
        if each and each.casefold() in lowered:
            text = re.sub(re.escape(each), HIDDEN, text, flags=re.IGNORECASE)
    return text


def _is_inn(digits: str) -> bool:
    """The tax number of a person, by its two check digits: Bitrix's codes of errors have twelve digits, too."""
    numbers = [int(each) for each in digits]
    return all(
        sum(weight * number for weight, number in zip(weights, numbers, strict=False)) % 11 % 10 == numbers[place]
        for place, weights in ((10, _INN_WEIGHTS[1:]), (11, _INN_WEIGHTS))
    )


def masked_exchange(
    method: str, request: object, answer: object, *, secrets: Iterable[str] = (), known: Iterable[str] = ()
) -> tuple[str, str]:
    """Request and answer as they may be kept: JSON in UTF-8, each at most `BODY_MAX` bytes; "" for None.

    Args:
        method: as called, `batch` for a batch: then every command is judged by its own method.
        request: the parameters.
        answer: the envelope, its result, or a cell of a batch.
        secrets: texts that are struck out wherever they stand.
        known: what is known of the buyer; its words leave free texts.
    """
    sent = _commands_of(request) if method == "batch" else request
    methods = _methods_of(request) if method == "batch" else {}
    words = _stems(method, methods, sent, answer) | _words_of(known)
    hidden = tuple(secrets)
    return _text(sent, method, methods, words, hidden), _text(answer, method, methods, words, hidden)


def masked_reason(
    text: str, method: str, request: object, answer: object, *, secrets: Iterable[str] = (), known: Iterable[str] = ()
) -> str:
    """Words about an exchange without the names that it shows in a person's fields; see `masked_exchange`."""
    methods = _methods_of(request) if method == "batch" else {}
    sent = _commands_of(request) if method == "batch" else request
    words = _stems(method, methods, sent, answer) | _words_of(known)
    return _Mask(method, methods, words, 0, tuple(secrets)).clean(text, is_free=True)


def _text(
    value: object, method: str, methods: Mapping[str, str], words: frozenset[str], secrets: tuple[str, ...]
) -> str:
    if value is None:
        return ""
    budget = BODY_MAX
    for _ in range(3):  # a budget of characters may overrun in bytes
        shown = json.dumps(
            _Mask(method, methods, words, budget, secrets).of(value, _TOP, _TOP, 0), ensure_ascii=False, default=str
        )
        data = shown.encode(errors="replace")
        if len(data) <= BODY_MAX:
            return data.decode()
        budget //= 4
    return data[: BODY_MAX - 4].decode(errors="ignore") + _MORE


# ------------------------------------------------------------------------------------------------ the walk
_TOP = _rule("")


class _Mask:
    """One walk over a body, with what is left of its length."""

    def __init__(
        self, method: str, methods: Mapping[str, str], words: frozenset[str], budget: int, secrets: tuple[str, ...]
    ) -> None:
        self._method, self._methods, self._words, self._left = method, methods, words, budget
        self._secrets = secrets

    def of(self, value: object, rule: _Rule, parent: _Rule, depth: int, *, is_person: bool = False) -> Any:
        """The value as it may be shown; `rule` and `parent` are those of the keys above it."""
        self._left -= 6
        if isinstance(value, Mapping):
            return self._object(value, rule, depth, is_person)
        if isinstance(value, list | tuple):
            return list(self._items(value, rule, parent, depth, is_person)) if depth <= DEPTH_MAX else _MORE
        shown = self._leaf(value, rule, parent, is_person)
        self._left -= _cost(shown)
        return shown

    def _object(self, value: Mapping[Any, Any], above: _Rule, depth: int, is_person: bool) -> Any:
        if depth > DEPTH_MAX:
            return _MORE
        outer, shown = self._method, {}
        for key, inner in value.items():
            if self._left <= 0:
                shown[_MORE] = _MORE
                break
            name = str(key)
            rule = _rule(name)
            self._left -= len(name) + 4
            if self._methods:
                self._method = self._methods.get(name, outer)
                if "." in name and above.plain not in ("", "result"):
                    self._method = name  # {"sale.order.get": {…}}: a command of a batch as we show it
            about = is_person or rule.is_tree or self._method.startswith(_PERSONAL_METHODS)
            shown[struck(rule.shown, self._secrets)] = self.of(inner, rule, above, depth + 1, is_person=about)
        self._method = outer
        return shown

    def _items(self, value: Any, rule: _Rule, parent: _Rule, depth: int, is_person: bool) -> Iterator[Any]:
        for inner in value:
            if self._left <= 0:
                yield _MORE
                return
            yield self.of(inner, rule, parent, depth + 1, is_person=is_person)

    def _leaf(self, value: object, rule: _Rule, parent: _Rule, is_person: bool) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if _is_hidden(rule, parent, is_person):
            return _hide(str(value), rule.plain)
        if isinstance(value, int | Decimal):
            return _number(value, is_kept=rule.is_plain)
        text = struck(str(value), self._secrets)
        if _HARMLESS.fullmatch(text):
            return text
        if is_person:
            is_kept = rule.is_id or _is_label(rule, parent)
        elif rule.is_name:
            is_kept = parent.plain in _GOODS or self._method.startswith(_GOODS_METHODS)
        else:
            is_kept = rule.is_plain
        return self.clean(text, is_free=not rule.plain.endswith(("name", "title"))) if is_kept else HIDDEN

    def clean(self, text: str, *, is_free: bool) -> str:
        """A text that is kept, without what can be recognised; `is_free`: nobody's catalogue, it may quote a person."""
        text = struck(text, self._secrets)  # before it is cut: no half of a secret stays
        shown = masked_text(text[:TEXT_MAX])
        if is_free:
            shown = without_names(shown, HIDDEN)
        if self._words and is_free:
            shown = _WORD.sub(lambda found: HIDDEN if self._knows(found.group()) else found.group(), shown)
        return shown + (_MORE if len(text) > TEXT_MAX else "")

    def _knows(self, word: str) -> bool:
        plain = word.casefold()
        if len(plain) < _STEM_MIN:
            return word.istitle() and plain in self._words
        return any(plain[:length] in self._words for length in range(_STEM_MIN, len(plain) + 1))


def _is_label(rule: _Rule, parent: _Rule) -> bool:
    """It says which property of an order it is."""
    return rule.is_label and parent.plain in _PROPERTIES


def _is_hidden(rule: _Rule, parent: _Rule, is_person: bool) -> bool:
    """Hidden whatever it holds."""
    return rule.is_hidden or (is_person and rule.is_hidden_of_person and not _is_label(rule, parent))


def _number(value: int | Decimal, *, is_kept: bool) -> Any:
    """A number; a long one under an unknown key may be a phone's."""
    if not -(10**20) < value < 10**20 or not (is_kept or -(10**9) < value < 10**9):
        return HIDDEN
    return int(value) if value == int(value) else f"{value:f}"


def _hide(text: str, key: str) -> str:
    if not text:
        return ""
    if key == "comments" and (block := _BLOCK.search(text)):
        return f"{HIDDEN} {block.group()}"
    if "phone" in key and text[-2:].isdigit() and len(text) > 6:
        return f"{HIDDEN}{text[-2:]}"
    return HIDDEN


def _cost(value: object) -> int:
    text = value if isinstance(value, str) else str(value)
    return len(text) if text.isascii() else 2 * len(text)


# ------------------------------------------------------------------------------------------------ names in texts
def _stems(method: str, methods: Mapping[str, str], *bodies: object) -> frozenset[str]:
    """The beginnings of words that stand in personal fields of these bodies, so that their other cases are met too."""
    search = _Search(methods)
    for body in bodies:
        search.look(body, _TOP, _TOP, method.startswith(_PERSONAL_METHODS), 0)
    return frozenset(search.found)


class _Search:
    """Walks over bodies and collects what stands in personal fields."""

    def __init__(self, methods: Mapping[str, str]) -> None:
        self.found: set[str] = set()
        self._methods = methods
        self._left = _LEAVES_MAX

    def look(self, value: object, rule: _Rule, parent: _Rule, is_person: bool, depth: int) -> None:
        """See `_Mask.of`: the same keys mean the same here."""
        self._left -= 1
        if self._left < 0 or depth > DEPTH_MAX or len(self.found) > _WORDS_MAX:
            return
        if isinstance(value, Mapping):
            for name, inner in value.items():
                inside = _rule(str(name))
                is_crm = self._methods.get(str(name), "").startswith(_PERSONAL_METHODS) if self._methods else False
                self.look(inner, inside, rule, is_person or inside.is_tree or is_crm, depth + 1)
        elif isinstance(value, list | tuple):
            for inner in value:
                self.look(inner, rule, parent, is_person, depth + 1)
        elif isinstance(value, str) and value and not rule.is_secret and _is_hidden(rule, parent, is_person):
            found = _WORD.findall(_BLOCK.sub("", value[:TEXT_MAX]))
            self.found.update(_stem(each) for each in found if len(each) >= _STEM_MIN)


def _stem(word: str) -> str:
    """A word without its ending."""
    plain = word.casefold()
    return plain[: max(_STEM_MIN, len(plain) - (2 if len(plain) < 8 else 3))]


def _words_of(known: Iterable[str]) -> frozenset[str]:
    """The words of a buyer that is known: short ones too, whole."""
    return frozenset(_stem(each) for text in known for each in _WORD.findall(text) if not each.islower())


# ------------------------------------------------------------------------------------------------ batches
def _lines_of(request: object) -> Mapping[str, Any]:
    lines = request.get("cmd") if isinstance(request, Mapping) else None
    return lines if isinstance(lines, Mapping) else {}


def _methods_of(request: object) -> dict[str, str]:
    return {str(key): str(line).partition("?")[0] for key, line in _lines_of(request).items()}


def _commands_of(request: object) -> object:
    """A batch with its commands as objects, `{"key": {"method": {parameters}}}`: a query cannot be masked as a text."""
    commands = {}
    for key, line in _lines_of(request).items():
        method, _, query = str(line).partition("?")
        params: dict[str, Any] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            _put(params, re.findall(r"[^\[\]]+", name) or [""], value)
        commands[str(key)] = {method: params}
    rest = {name: each for name, each in request.items() if name != "cmd"} if isinstance(request, Mapping) else {}
    return {**rest, "cmd": commands}


def _put(params: dict[str, Any], path: list[str], value: str) -> None:
    place = params
    for name in path[:-1]:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        place = inner
    place[path[-1]] = value
