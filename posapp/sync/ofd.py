"""What the OFD (оператор фискальных данных) has received from a fiscal storage: the fourth witness of a reconciliation.

OFDs have no common interface, so the program knows a small protocol, `Ofd`, and one HTTP implementation of it with a
contract of our own; an adapter to a certain operator is another class with the same two methods.

    POST <url>/documents       Authorization: Bearer <key>
    {"storage": "9999078900010012", "from": 1, "to": 500, "limit": 500}                by number, `to` may be left out
    {"storage": "9999078900010012", "since": "2026-11-21T00:00", "until": "…", "from": 1, "limit": 500}   by moment

    200 {"documents": [{"number", "type", "kind" | null, "total_kopecks" | null, "sign", "at", "stamp" | null}], "more"}
    401, 403   the key is not accepted        404   the OFD does not know this storage

`number` is 1040, `type` the form, `kind` 1054, `sign` 1077 as decimal text, `at` 1012 without zone, `stamp` 1086 under
our 1085. Documents come ascending; `more` says that another page follows, which begins behind the last number.

Everything that comes from outside is bounded and checked: an OFD that answers nonsense is an OFD that did not answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from posapp.domain.fiscal import ReceiptKind
from posapp.domain.money import Money
from posapp.errors import Offline, Rejected, SetupError, SyncError
from posapp.http import NoAnswer, Response, SecretUrl

PAGE = 500
PAGES_MAX = 400
"""Pages of one question: 200 000 documents, about what a storage holds in its whole life."""
TIMEOUT_S = 20.0
BODY_MAX = 4 * 1024 * 1024
NUMBER_MAX = (1 << 32) - 1  # 1040 and 1077 are 32 bits
TYPE_MAX = 255
STAMP_MAX = 256  # tag 1086
SIMULATOR_HEADER = "x-posapp-simulator"


@dataclass(frozen=True, slots=True)
class OfdDocument:
    """A document as the OFD keeps it. `kind` and `total` are None for forms without a settlement."""

    number: int
    type: int
    kind: ReceiptKind | None
    total: Money | None
    sign: str
    at: datetime
    stamp: str | None = None


class Ofd(Protocol):
    """An OFD's view of one fiscal storage. Used from one thread at a time."""

    @property
    def is_simulator(self) -> bool | None:
        """Whether the simulator answered; None before the first answer."""
        ...

    def documents(self, storage_number: str, first: int, last: int | None = None) -> Iterator[list[OfdDocument]]:
        """Documents numbered `first`…`last` (None: to the newest) page by page, ascending.

        Raises Offline (not reached, or the answer makes no sense) or Rejected (the key or the storage), both with the
        code `ofd_unreachable`.
        """
        ...

    def documents_between(
        self, storage_number: str, since: datetime, until: datetime | None = None
    ) -> Iterator[list[OfdDocument]]:
        """Documents dated since (included) … until (not included), local time of the register without zone."""
        ...

    def close(self) -> None:
        """Lets the connection go."""
        ...


class Poster(Protocol):
    """What the adapter needs of HTTP."""

    def post_json(
        self, url: SecretUrl, body: object, timeout_s: float, *, headers: Mapping[str, str] | None = None
    ) -> Response:
        """One POST. Raises `posapp.http.NoAnswer`."""
        ...

    def close(self) -> None:
        """Closes the connections."""
        ...


def check_url(text: str) -> str:
    """The address of an OFD as it may be kept in a file. Raises SetupError for one that is none or holds a secret."""
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits or parts.username or parts.password or parts.query or parts.fragment or len(url) > 500:
        raise SetupError("not_set_up", what="адрес ОФД не вида https://ofd/… (ключ в адрес не пишут)", command="ofd")
    return url


class HttpOfd:
    """The contract at the top of this file over HTTP.

    Args:
        url: the address without `/documents`.
        token: the key; it goes into a header and nowhere else.
        http: how a request goes out.
    """

    def __init__(self, url: str, token: str, http: Poster, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = SecretUrl(check_url(url)) / "documents"
        self._headers = {"Authorization": f"Bearer {_header_text(token)}"}
        self._http = http
        self._timeout_s = timeout_s
        self._is_simulator: bool | None = None

    @property
    def is_simulator(self) -> bool | None:
        """Whether the simulator answered; None before the first answer."""
        return self._is_simulator

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def documents(self, storage_number: str, first: int, last: int | None = None) -> Iterator[list[OfdDocument]]:
        """Documents numbered `first`…`last`."""
        question: dict[str, object] = {"storage": storage_number} | ({} if last is None else {"to": last})
        return self._pages(question, max(first, 1), lambda each: last is None or each.number <= last)

    def documents_between(
        self, storage_number: str, since: datetime, until: datetime | None = None
    ) -> Iterator[list[OfdDocument]]:
        """Documents dated `since`…`until`."""
        question: dict[str, object] = {"storage": storage_number, "since": _moment(since)}
        if until is not None:
            question["until"] = _moment(until)
        return self._pages(question, 1, lambda each: since <= each.at and (until is None or each.at < until))

    def _pages(self, question: dict[str, object], first: int, fits: Any) -> Iterator[list[OfdDocument]]:
        begin = first
        for _ in range(PAGES_MAX):
            page, more = self._ask({**question, "from": begin, "limit": PAGE}, begin)
            if not all(map(fits, page)):
                raise _garbled("документы не из того отрезка")
            yield page
            if not more:
                return
            if not page:
                raise _garbled("пустая страница, за которой будто бы есть ещё")
            begin = page[-1].number + 1
        raise _garbled(f"больше {PAGE * PAGES_MAX} документов")

    def _ask(self, body: dict[str, object], begin: int) -> tuple[list[OfdDocument], bool]:
        try:
            response = self._http.post_json(self._url, body, self._timeout_s, headers=self._headers)
        except NoAnswer as error:
            raise Offline("ofd_unreachable", reason=error.facts.get("reason", "")) from error
        answer = self._read(response)
        rows, more = answer.get("documents"), answer.get("more")
        if not isinstance(rows, list) or not isinstance(more, bool) or len(rows) > PAGE:
            raise _garbled("нет списка документов")
        documents = [_document(row) for row in rows]
        numbers = [each.number for each in documents]
        if any(number < begin for number in numbers) or numbers != sorted(set(numbers)):
            raise _garbled("номера документов идут не по порядку")
        return documents, more

    def _read(self, response: Response) -> dict[str, Any]:
        if len(response.body) > BODY_MAX:
            raise _garbled("ответ слишком велик")
        trouble = _status_trouble(response.status)
        if trouble is not None:
            raise trouble
        try:
            answer = response.json() if response.is_json else None
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise _garbled("не JSON")
        self._is_simulator = SIMULATOR_HEADER in response.headers
        return answer


def _status_trouble(status: int) -> SyncError | None:
    if status == 200:
        return None
    if status in (401, 403):
        return Rejected("ofd_unreachable", reason="ключ доступа не принят")
    if status == 404:
        return Rejected("ofd_unreachable", reason="по этому адресу такого ФН не знают")
    return Offline("ofd_unreachable", reason=f"HTTP {status}")


def _garbled(what: str) -> Offline:
    return Offline("ofd_unreachable", reason=f"ответ нельзя прочитать – {what}")


def _document(row: object) -> OfdDocument:
    """One row, every value of its kind and size. Raises Offline for anything else."""
    if not isinstance(row, dict):
        raise _garbled("документ – не объект")
    sign, at, stamp = row.get("sign"), row.get("at"), row.get("stamp")
    if not isinstance(sign, str) or not (sign.isascii() and sign.isdigit()) or int(sign[:11]) > NUMBER_MAX:
        raise _garbled("ФП документа – не число")
    if stamp is not None and (not isinstance(stamp, str) or len(stamp) > STAMP_MAX):
        raise _garbled("реквизит 1086 не читается")
    kind, total = row.get("kind"), row.get("total_kopecks")
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) and len(at) <= 32 else None
        if moment is None or moment.tzinfo is not None:
            raise ValueError("at")
        return OfdDocument(
            number=_whole(row.get("number"), NUMBER_MAX),
            type=_whole(row.get("type"), TYPE_MAX),
            kind=None if kind is None else ReceiptKind(_whole(kind, 4)),
            total=None if total is None else Money(_whole(total, (1 << 40) - 1, least=0)),  # 1020 has five bytes
            sign=str(int(sign)),
            at=moment,
            stamp=stamp,
        )
    except ValueError as error:
        raise _garbled("поле документа не того вида") from error


def _whole(value: object, most: int, least: int = 1) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError("not a whole number of this size")
    return value


def _moment(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="minutes")


def _header_text(token: str) -> str:
    """A key as a header carries it. Raises SetupError; the key itself is in no message."""
    if not token or not (token.isascii() and token.isprintable()) or " " in token or len(token) > 4096:
        raise SetupError("not_set_up", what="ключ ОФД пуст или не из букв и цифр", command="ofd")
    return token
