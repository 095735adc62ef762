"""How published receipts name their fields: every dialect met, by tag.

The tax service's own names come first; OFDs, sites and programs rename them, write them in snake case or capitals, or
use the tag's number. Names are compared without case, underscores and the like (`plain_name`): each stands here once.
Source: the JSON of the tax service's app and of OFD sites, and the tag table of the formats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from posapp.domain.vat import VatRate

TOTAL = ("totalsum", "totalsumm", "1020", "amounttotal", "totalamount", "total")
ITEMS = ("items", "1059", "positions", "products", "goods", "lines")
WHEN = (
    "datetime",
    "1012",
    "localdatetime",
    "receiptdate",
    "docdatetime",
    "ticketdate",
    "transactiondate",
    "timestamp",
    "date",
)
CODE = ("code", "receiptcode")
NUMBERED = ("fiscaldocumentnumber", "fiscaldrivenumber", "fiscalsign", "1040")
"""What only a fiscal document has beside its code; a bare `code` may be anything."""

DOCUMENT = ("rawdata", "rawtlv", "rawtlvbase64")
"""The whole fiscal document beside the receipt that was made of it."""

NAME = ("name", "1030", "itemname", "productname", "title")
PRICE = ("price", "1079", "unitprice")
QUANTITY = ("quantity", "1023", "qty", "count")
LINE_SUM = ("sum", "1043", "itemsum", "linesum", "totalsum", "total", "totalprice", "cost")
RATE = ("nds", "1199", "ndsrate", "vatrate", "taxrate")
LINE_VAT = ("ndssum", "1200", "ndssumm", "vatsum", "vatamount", "taxsum")
VAT = ("vat", "tax")
"""A line's rate in words, or an object as in the rows of the receipt's VAT."""
ROW_RATE = (*RATE, "rate", "type", "vat")
ROW_VAT = (*LINE_VAT, "1120", "sum", "amount")
MODIFIERS = ("modifiers", "1112")
DISCOUNT = ("discountsum", "1064")
MARKUP = ("markupsum", "1035")
STORNO = ("stornoitems", "1071")

PAYMENT_KEYS: Mapping[int, tuple[str, ...]] = {
    1031: ("cashtotalsum", "1031", "amountcash", "cashsum", "cashsumm", "cash"),
    1081: ("ecashtotalsum", "1081", "amountecash", "ecashsum", "ecashsumm", "ecash", "electronically"),
    1215: ("prepaidsum", "prepaidsumm", "prepaymentsum", "1215", "prepaid", "amountadvance"),
    1216: ("creditsum", "creditsumm", "postpaymentsum", "1216", "credit", "amountloan"),
    1217: (
        *("provisionsum", "provisionsumm", "countersubmissionsum", "1217", "provision"),
        *("amountgranting", "amountcounterclaim"),
    ),
}
"""Tag → the names of its sum."""
PAYMENTS = ("payments", "paymentlist")
PAYMENT_TYPE = ("type", "paymenttype", "method")
PAYMENT_SUM = ("sum", "amount", "value")
PAYMENT_TYPES: Mapping[str, int] = {
    **dict.fromkeys(("0", "cash"), 1031),
    **dict.fromkeys(("1", "electronically", "ecash", "card", "cashless"), 1081),
    **dict.fromkeys(("2", "prepaid", "advance"), 1215),
    **dict.fromkeys(("3", "credit"), 1216),
    **dict.fromkeys(("4", "other", "provision"), 1217),
}
"""The kinds of the drivers' and services' lists of payments → tag."""

RECEIPT_VAT = ("amountsreceiptnds", "1115")
RECEIPT_VAT_ROWS = ("amountsnds", "1119")
TYPED_VAT = ("amountsprinted", "vats", "taxes")

RECEIPTS = ("ticket", "document", "receipt", "bso", "receiptcorrection", "bsocorrection")
OTHER_DOCUMENTS: Mapping[str, int] = {
    "fiscalreport": 1,
    "openshift": 2,
    "closeshift": 5,
    "closearchive": 6,
    "operatorack": 7,
    "fiscalreportcorrection": 11,
    "currentstatereport": 21,
}
"""What the tax service calls documents that are no receipts → the number of their form."""

_EXTRACTED = {
    VatRate.VAT_20: VatRate.VAT_20_120,
    VatRate.VAT_10: VatRate.VAT_10_110,
    VatRate.VAT_5: VatRate.VAT_5_105,
    VatRate.VAT_7: VatRate.VAT_7_107,
    VatRate.VAT_22: VatRate.VAT_22_122,
}
_PLAIN = {
    **dict.fromkeys(("no", "none", "free", "na"), VatRate.NONE),
    **dict.fromkeys(("0", "00"), VatRate.VAT_0),
    # the code 1 went on being called 18 when it became 20 %
    **{"18": VatRate.VAT_20, "20": VatRate.VAT_20, "22": VatRate.VAT_22},
    **{"10": VatRate.VAT_10, "7": VatRate.VAT_7, "5": VatRate.VAT_5},
}
_PERCENTS = _PLAIN | {f"{name}1{name:>02}": _EXTRACTED[rate] for name, rate in _PLAIN.items() if rate in _EXTRACTED}
_TAGS = {
    **{"1102": VatRate.VAT_20, "1103": VatRate.VAT_10, "1104": VatRate.VAT_0, "1105": VatRate.NONE},
    **{"1106": VatRate.VAT_20_120, "1107": VatRate.VAT_10_110},
}
_RATE_NAME = re.compile(
    rf"(?:nds|vat|tax(?=.*summ?$))(calculated|calc)?({'|'.join(sorted(_PERCENTS, key=len, reverse=True))})"
    r"(calculated|calc)?(?:total)?(?:summ?)?"
)
_SHORT_NAME = re.compile(r"tax1([0-9]{2})summ?")
"""Calculated rates by the lower number alone: `Tax110Summ`, `Tax118Summ`."""
_RATE_TEXT = re.compile(r"(?:ндс|nds|vat)?([0-9]{1,2})(?:%|/?(1[0-9]{2})%?)?")
_SERVICE_NAME = re.compile(r"vat1([0-9]{2})")  # services of drivers name calculated rates so: vat110, vat120
_NO_VAT = re.compile(r"(?:none|no|(?:ндс)?необлагается(?:ндс)?|безндс|без)")
_SEPARATORS = re.compile(r"[\s_.\-]")
_TAG_NAME = re.compile(r"(?:tag|t)([12][0-9]{3})")
_CODE = re.compile(r"[0-9]{1,2}")


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """A name as it is compared: `Total_Sum` → `totalsum`, `tag1020` → `1020`."""
    plain = _SEPARATORS.sub("", name).lower()
    tag = _TAG_NAME.fullmatch(plain)
    return tag[1] if tag else plain


def rate_named(name: str) -> VatRate | None:
    """The rate that the plain name of a VAT sum says: `nds18118`, `ndscalculated20`, `1103`, `ndsnatotalsumm`."""
    if name in _TAGS:
        return _TAGS[name]
    if short := _SHORT_NAME.fullmatch(name):
        return _PERCENTS.get(f"{int(short[1])}1{short[1]}")
    found = _RATE_NAME.fullmatch(name)
    if not found:
        return None
    rate = _PERCENTS[found[2]]
    return _EXTRACTED.get(rate, rate) if found[1] or found[3] else rate


def rate_of_percent(percent: int) -> VatRate | None:
    """The plain rate of a percentage; None where there is none."""
    return _PLAIN.get(str(percent))


def rate_of_number(number: int) -> VatRate | None:
    """The rate of a percentage, or the calculated one of the number it divides by: 20 → 20 %, 120 → 20/120."""
    return rate_of_percent(number) if number <= _WHOLE else _PERCENTS.get(f"{number - _WHOLE}{number}")


def rate_of_text(text: str) -> VatRate | None:
    """The rate in words: `20%`, `НДС 10/110`, `без НДС`, `vat120`, and the codes of tag 1199 as text."""
    plain = _SEPARATORS.sub("", text).lower()
    if _CODE.fullmatch(plain):
        return VatRate(int(plain)) if int(plain) in _CODES else rate_of_percent(int(plain))
    if _NO_VAT.fullmatch(plain):
        return VatRate.NONE
    service = _SERVICE_NAME.fullmatch(plain)
    if service:
        plain = f"{int(service[1])}/1{service[1]}"
    found = _RATE_TEXT.fullmatch(plain)
    return _PERCENTS.get(f"{int(found[1])}{found[2] or ''}") if found else None


_CODES = {rate.value for rate in VatRate}
_WHOLE = 100
