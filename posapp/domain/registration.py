"""What a register puts on every document: whose it is, where settlements are made, how wide its paper is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from posapp.domain.printed import DEFAULT_WIDTH

FNS_SITE = "www.nalog.gov.ru"


@dataclass(frozen=True, slots=True)
class Registration:
    """The user (1048) with his INN (1018), address (1009) and place (1187) of settlements, the site of the tax service
    (1060), the address that receipts are mailed from (1117), the factory number (1013). "" = not known."""

    user: str = ""
    inn: str = ""
    address: str = ""
    place: str = ""
    fns_site: str = FNS_SITE
    sender: str = ""
    factory_number: str = ""


@dataclass(frozen=True, slots=True)
class FormProfile:
    """The register that a receipt is printed on, as far as its paper shows it.

    `width`: characters in a line. `ffd`: "1.05", "1.1" or "1.2". `vat_formula`: `L` or `T`. `key_tags`: by kind of
    receipt (1054) the tag in which our key stands: "1084", "1192" or "".
    """

    registration: Registration = field(default_factory=Registration)
    width: int = DEFAULT_WIDTH
    ffd: str = "1.05"
    vat_formula: str = "L"
    key_tags: Mapping[int, str] = field(default_factory=dict)
