"""What a register was registered with and puts on every document: whose it is and where settlements are made."""

from __future__ import annotations

from dataclasses import dataclass

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
