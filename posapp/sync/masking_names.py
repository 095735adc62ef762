"""Names of people in a free text that nobody's field has told us of: an error of the portal may quote anybody. Pure.

To hide every capitalised word would hide goods, pay systems and our own sentences with it. First names are a closed
list, and no word of ours is among them; so a first name is hidden in all its cases, with the capitalised words beside
it, which are the surname and the patronymic. A surname alone is known only by the buyer's fields (`masking`).
"""

from __future__ import annotations

import re

_NAMES = """
    александр александра алексей алена алина алиса алла альберт анастасия анатолий андрей анжела анна антон антонина
    арсений артем артур богдан борис вадим валентин валентина валерий валерия варвара василий василиса вера вероника
    виктор виктория виталий владимир владислав вячеслав галина геннадий георгий глеб григорий дарья денис диана дмитрий
    евгений евгения егор екатерина елена елизавета захар зинаида зоя иван игорь илья инна ирина кирилл константин
    ксения лариса лев лидия лилия любовь людмила макар максим маргарита марина мария матвей михаил надежда наталья
    наталия никита николай нина оксана олег ольга павел петр полина раиса рамиль ринат роман руслан рустам светлана
    семен сергей снежана софья софия станислав степан тамара татьяна тимофей тимур ульяна федор филипп эдуард эльвира
    эльдар эмиль юлия юрий яна ярослав
"""
_OTHER_STEMS = ("павл", "льв", "любв")  # whose other cases lose a vowel
_ENDINGS = frozenset(("", "а", "у", "ом", "е", "ы", "и", "ю", "ем", "ей", "ой", "я", "й", "ь", "ью"))
_STEMS = frozenset([each[:-1] if each[-1] in "аяйь" else each for each in _NAMES.split()]) | frozenset(_OTHER_STEMS)
_HARMLESS_WORDS = """
    битрикс битрикс24 возврат готово доставка для доступ заказ заказа заказу запрос касса клиент клиента контакт
    контакта нет менеджер оплата оплаты от отгрузка ошибка покупатель покупателя покупателю пользователь пользователя
    поле портал получатель получателя сотрудник сотрудника старшему товар у чек
"""
_HARMLESS = frozenset(_HARMLESS_WORDS.split())
_WORD = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?"
_RUN = re.compile(rf"\b{_WORD}(?:\s+{_WORD})*\b")


def without_names(text: str, hidden: str) -> str:
    """The text with `hidden` in place of every first name and of the capitalised words beside it."""
    return _RUN.sub(lambda found: _shown(found.group(), hidden), text)


def _shown(run: str, hidden: str) -> str:
    words = run.split()
    if not any(_is_first_name(each) for each in words):
        return run
    return " ".join(each if each.casefold() in _HARMLESS else hidden for each in words)


def _is_first_name(word: str) -> bool:
    parts = word.casefold().replace("ё", "е").split("-")
    return any(
        plain[:length] in _STEMS and plain[length:] in _ENDINGS
        for plain in parts
        for length in range(2, len(plain) + 1)
    )
