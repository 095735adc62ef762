"""What the fields of a JSON task become in a fiscal document: records of tags, in both formats.

What stands where follows the vendor's field names; what a format does not know is left to the register to refuse.
"""

from __future__ import annotations

from posapp.devices.base import Ffd
from posapp.devices.simulator import atol_values as words
from posapp.devices.simulator.atol_acts import tag
from posapp.devices.simulator.atol_fields import Fields, TaskError
from posapp.domain import ffd

Values = list[tuple[int, ffd.Value]]
FRACTION_PARTS = 2
OTHER_MEASURE = 255


def operator_tags(task: Fields) -> list[bytes]:
    """1021 and 1203 of `operator`."""
    operator = task.child("operator")
    if operator is None:
        return []
    return _texts(operator, (("name", 1021),), required=True) + _texts(operator, (("vatin", 1203),))


def document_tags(task: Fields, version: Ffd) -> list[bytes]:
    """Everything about the receipt as a whole, but for the operator and what stands among the items."""
    places = (("paymentsPlace", 1187), ("paymentsAddress", 1009), ("machineNumber", 1036))
    company = task.child("companyInfo")
    records = [
        *_texts(task, places),
        *(_texts(company, (("email", 1117),)) if company else []),
        *_client(task, version),
        *_agent(task, 1057, is_item=False),
        *_operation(task),
        *[tag(1261, _industry(each)) for each in task.children("industryInfo")],
        *_cashless(task),
    ]
    return [*records, tag(1125, 1)] if task.flag("internet") else records


def attribute_tags(items: list[Fields]) -> list[bytes]:
    """1084 and 1192, which the vendor has among the items."""
    records: list[bytes] = []
    for item in items:
        kind = item.text("type")
        if kind == "userAttribute":
            records.append(tag(1084, [(1085, item.words("name")), (1086, item.words("value"))]))
        elif kind == "additionalAttribute":
            records.append(tag(1192, item.words("value")))
    return records


def correction_tags(task: Fields, version: Ffd) -> list[bytes]:
    """1173 and 1174: what kind of correction, and of what."""
    day = task.date("correctionBaseDate")
    basis: Values = []
    if version is Ffd.V1_05 and (name := task.text("correctionBaseName")):
        basis.append((1177, name))
    if day is not None:
        basis.append((1178, day))
    if number := task.text("correctionBaseNumber"):
        basis.append((1179, number))
    kind = task.choice("correctionType", words.CORRECTIONS, 0, required=True)
    return [tag(1173, kind), *([tag(1174, basis)] if basis else [])]


def item_tags(item: Fields, version: Ffd) -> bytes:
    """Everything about one item that is not its name, price, quantity, rate or code."""
    records = _texts(item, (("additionalAttribute", 1191), ("countryCode", 1230), ("customsDeclaration", 1231)))
    excise = item.kopecks("exciseSum")
    if excise is not None:
        records.append(tag(1229, excise))
    records += _agent(item, 1222, is_item=True)
    records += _measure(item, version)
    if version is Ffd.V1_05:
        code = item.base64("nomenclatureCode") if isinstance_text(item, "nomenclatureCode") else None
        return b"".join([*records, *([tag(1162, code)] if code else [])])
    records += [tag(1260, _industry(each)) for each in item.children("industryInfo")]
    marking = item.child("imcParams")
    fraction = marking.text("itemFractionalAmount") if marking else None
    if marking is not None and fraction:
        records.append(tag(1291, _fraction(marking, fraction)))
    return b"".join(records)


def isinstance_text(item: Fields, field: str) -> bool:
    """Whether a field that may be a text or an object is a text."""
    try:
        return item.text(field) is not None
    except TaskError:
        return False


def _texts(fields: Fields, wanted: tuple[tuple[str, int], ...], *, required: bool = False) -> list[bytes]:
    values = [(number, fields.text(field, required=required)) for field, number in wanted]
    return [tag(number, value) for number, value in values if value]


def _client(task: Fields, version: Ffd) -> list[bytes]:
    """1008, and the buyer: 1227 and 1228, in FFD 1.2 inside 1256 with what else is known."""
    client = task.child("clientInfo")
    if client is None:
        return []
    records = _texts(client, (("emailOrPhone", 1008),))
    name, vatin = client.text("name"), client.text("vatin")
    if version is not Ffd.V1_2:
        return records + [tag(number, value) for number, value in ((1227, name), (1228, vatin)) if value]
    born = client.date("birthDate")
    inside = (
        (1227, name),
        (1228, vatin),
        (1243, f"{born:%d.%m.%Y}" if born else None),
        (1244, client.text("citizenship")),
        (1245, client.text("identityDocumentCode")),
        (1246, client.text("identityDocumentData")),
        (1254, client.text("address")),
    )
    known: Values = [(number, value) for number, value in inside if value]
    return [*records, tag(1256, known)] if known else records


def _agent(fields: Fields, mask_tag: int, *, is_item: bool) -> list[bytes]:
    """Agents and suppliers: flat in the receipt, inside 1223 and 1224 in an item."""
    agent, supplier = fields.child("agentInfo"), fields.child("supplierInfo")
    records: list[bytes] = []
    details: Values = []
    if agent is not None:
        mask = 0
        for word in agent.texts("agents"):
            if word not in words.AGENTS:
                raise agent.wrong("agents")
            mask |= words.AGENTS[word]
        if mask:
            records.append(tag(mask_tag, mask))
        details = _agent_details(agent)
    phones = supplier.texts("phones") if supplier else []
    if not is_item:
        return [*records, *(tag(*each) for each in details), *(tag(1171, phone) for phone in phones)]
    if details:
        records.append(tag(1223, details))
    if supplier is not None:
        name = supplier.text("name")
        data: Values = [*((1171, phone) for phone in phones), *([(1225, name)] if name else [])]
        records += [tag(1224, data)] if data else []
        records += _texts(supplier, (("vatin", 1226),))
    return records


def _agent_details(agent: Fields) -> Values:
    paying, receiving, moving = (
        agent.child(each) for each in ("payingAgent", "receivePaymentsOperator", "moneyTransferOperator")
    )
    found: Values = []
    if paying is not None:
        operation = paying.text("operation")
        found += [(1044, operation)] if operation else []
        found += [(1073, phone) for phone in paying.texts("phones")]
    if receiving is not None:
        found += [(1074, phone) for phone in receiving.texts("phones")]
    if moving is not None:
        found += [(1075, phone) for phone in moving.texts("phones")]
        texts = (("name", 1026), ("address", 1005), ("vatin", 1016))
        found += [(number, value) for field, number in texts if (value := moving.text(field))]
    return found


def _operation(task: Fields) -> list[bytes]:
    """1270."""
    operation = task.child("operationInfo")
    if operation is None:
        return []
    number, data = operation.whole("id"), operation.text("data")
    at = operation.date("dateTime", "%Y.%m.%d %H:%M:%S")
    values: Values = []
    values += [(1271, number)] if number is not None else []
    values += [(1272, data)] if data is not None else []
    values += [(1273, at)] if at is not None else []
    return [tag(1270, values)]


def _industry(info: Fields) -> Values:
    """The inside of 1260 and 1261. Its date is a text in the document."""
    day = info.date("date", required=True)
    return [
        (1262, info.words("fois")),
        (1263, f"{day:%d.%m.%Y}"),
        (1264, info.words("number")),
        (1265, info.words("industryAttribute")),
    ]


def _cashless(task: Fields) -> list[bytes]:
    """1234: the details of cashless payments."""
    payments: Values = []
    for each in task.children("paymentsAddInfo"):
        inside: Values = [(1082, each.kopecks("sum", required=True) or 0)]
        method = each.whole("paymentMethod", required=True)
        inside.append((1236, method or 0))
        ids, more = each.text("electronicallyId"), each.text("electronicallyAddInfo")
        inside += [(1237, ids)] if ids else []
        inside += [(1238, more)] if more else []
        payments.append((1235, inside))
    return [tag(1234, payments)] if payments else []


def _measure(item: Fields, version: Ffd) -> list[bytes]:
    """2108 in FFD 1.2, a word of the shop's own (1197) before it."""
    if version is not Ffd.V1_2:
        word = item.text("measurementUnit") if isinstance_text(item, "measurementUnit") else None
        return [tag(1197, word[:16])] if word else []
    marking = item.child("imcParams")
    if item.has("measurementUnit"):
        return [tag(2108, item.choice("measurementUnit", words.MEASURES, OTHER_MEASURE))]
    if marking is not None and marking.has("itemUnits"):
        return [tag(2108, marking.choice("itemUnits", words.MEASURES, 0))]
    return []


def _fraction(marking: Fields, text: str) -> Values:
    """`1/2` as the inside of 1291."""
    parts = text.split("/")
    if len(parts) != FRACTION_PARTS or not all(each.isdecimal() and 0 < len(each) < 10 for each in parts):
        raise marking.wrong("itemFractionalAmount")
    over, under = (int(each) for each in parts)
    if not 0 < over < under:
        raise marking.wrong("itemFractionalAmount")
    return [(1292, text), (1293, over), (1294, under)]
