"""The fields of Bitrix's entities, as tables: name, declared type, who may write.

The kernel declares each entity of `sale` and `catalog` in such a table and derives from it what `select`, `filter`,
`order` and `fields` may name (anything else is dropped without an error), which JSON type an answer has, and what
`getfields` tells. So do we: the tables below carry the rules, the few functions under them carry the tables.

Types: `int` and `double` are numbers or null, `char` and `string` are texts (never null), `datetime` is ISO 8601
with the portal's offset or null, `date` the same at midnight, `any` goes out as it is.
Marks: `ro` read-only, `im` immutable after `add`, `req` required on `add` and – unless immutable – on every `update`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Field:
    """One column of an entity as the kernel declares it."""

    name: str
    type: str
    is_read_only: bool
    is_immutable: bool
    is_required: bool


@dataclass(frozen=True)
class Entity:
    """An entity: the key of one (`payment`), the key of a list (`payments`) and its fields by camelCase name."""

    key: str
    list_key: str
    fields: dict[str, Field]

    @cached_property
    def by_snake(self) -> dict[str, Field]:
        """Fields under the name that Bitrix uses inside: `paySystemId` → `PAY_SYSTEM_ID`."""
        return {snake(name): field for name, field in self.fields.items()}

    def find(self, name: str) -> Field | None:
        """The field called `name` in either key style (`dateUpdate`, `DATE_UPDATE`), None when there is none."""
        return self.by_snake.get(snake(name))

    def settable(self, *, adding: bool) -> dict[str, Field]:
        """The fields that `add` or `update` may write."""
        return {
            name: field
            for name, field in self.fields.items()
            if not field.is_read_only and (adding or not field.is_immutable)
        }


def snake(name: str) -> str:
    """camelCase to UPPER_SNAKE, digits apart except in the three names of the 1C exchange (`id1c` → `ID_1C`)."""
    if name != name.upper():
        name = re.sub(r"(?<=[A-Za-z0-9])([A-Z])|(?<=[A-Za-z])([0-9])", r"_\1\2", name)
    return name.upper()


def _entity(key: str, list_key: str, table: str) -> Entity:
    fields = {}
    for line in table.strip().splitlines():
        name, kind, *marks = line.split()
        fields[name] = Field(name, kind, "ro" in marks, "im" in marks, "req" in marks)
    return Entity(key, list_key, fields)


ORDER = _entity(
    "order",
    "orders",
    """
    accountNumber string ro
    additionalInfo string
    affiliateId int
    canceled char
    comments string
    companyId int
    currency string req im
    dateCanceled datetime ro
    dateInsert datetime
    dateLock datetime ro
    dateMarked datetime ro
    dateStatus datetime ro
    dateUpdate datetime ro
    deducted char ro
    discountValue double ro
    empCanceledId int
    empMarkedId int
    empStatusId int
    externalOrder char
    id int ro
    id1c string
    lid string req im
    lockedBy string
    marked char
    orderTopic string
    payed char ro
    personTypeId int req im
    personTypeXmlId string ro
    price double ro
    reasonCanceled string
    reasonMarked string
    recountFlag char
    recurringId string
    responsibleId int
    statusId string
    statusXmlId string ro
    taxValue double ro
    updated1c char
    userDescription string
    userId int im
    version int ro
    version1c string
    xmlId string
""",
)

BASKET_ITEM = _entity(
    "basketItem",
    "basketItems",
    """
    barcodeMulti char
    basePrice double
    canBuy char
    catalogXmlId string
    currency string req im
    customPrice char
    dateInsert datetime ro
    dateRefresh datetime ro
    dateUpdate datetime ro
    detailPageUrl string
    dimensions string
    discountPrice double
    fuserId int ro
    id int ro
    lid string ro
    measureCode string
    measureName string
    module string
    name string req
    notes string
    orderId int req im
    price double
    priceTypeId int
    productId int req im
    productPriceId int
    productProviderClass string
    productXmlId string
    quantity double req
    setParentId string ro
    sort int
    type string
    vatIncluded char
    vatRate double
    weight double
    xmlId string
""",
)

PAYMENT = _entity(
    "payment",
    "payments",
    """
    accountNumber string ro
    comments string
    companyId int
    currency string ro
    dateBill datetime
    dateMarked datetime ro
    datePaid datetime
    datePayBefore datetime
    dateResponsibleId datetime ro
    empMarkedId int
    empPaidId int
    empResponsibleId int
    empReturnId int
    externalPayment char
    id int ro
    id1c string
    isReturn char
    marked char
    orderId int req im
    paid char
    payReturnComment string
    payReturnDate date
    payReturnNum string
    paySystemId int req
    paySystemIsCash char ro
    paySystemName string ro
    paySystemXmlId string ro
    payVoucherDate date
    payVoucherNum string
    priceCod string
    psCurrency string
    psInvoiceId string
    psResponseDate datetime
    psStatus char
    psStatusCode string
    psStatusDescription string
    psStatusMessage string
    psSum double
    reasonMarked string
    responsibleId int
    sum double
    updated1c char
    version1c string
    xmlId string
""",
)

SHIPMENT = _entity(
    "shipment",
    "shipments",
    """
    accountNumber string ro
    allowDelivery char req
    basePriceDelivery double
    canceled char ro
    comments string
    companyId int
    currency string ro
    customPriceDelivery char
    dateAllowDelivery datetime
    dateCanceled datetime ro
    dateDeducted datetime
    dateInsert datetime ro
    dateMarked datetime ro
    dateResponsibleId datetime ro
    deducted char req
    deliveryDocDate date
    deliveryDocNum string
    deliveryId int req
    deliveryName string ro
    deliveryXmlId string ro
    discountPrice double
    empAllowDeliveryId int
    empCanceledId int ro
    empDeductedId int
    empMarkedId int
    empResponsibleId int
    externalDelivery char
    id int ro
    id1c string
    marked char
    orderId int req im
    priceDelivery double
    reasonMarked string
    reasonUndoDeducted string
    responsibleId int
    statusId string
    statusXmlId string ro
    system char ro
    trackingDescription string
    trackingLastCheck datetime
    trackingNumber string
    trackingStatus string
    updated1c char
    version1c string
    xmlId string
""",
)

SHIPMENT_ITEM = _entity(
    "shipmentItem",
    "shipmentItems",
    """
    basketId int req im
    dateInsert datetime ro
    id int ro
    orderDeliveryId int req im
    quantity double req
    reservedQuantity double ro
    xmlId string
""",
)

PROPERTY_VALUE = _entity(
    "propertyValue",
    "propertyValues",
    """
    code string ro
    id int ro
    name string ro
    orderId int ro
    orderPropsId int req
    orderPropsXmlId string ro
    value any req
""",
)

PROPERTY = _entity(
    "property",
    "properties",
    """
    active char
    code string
    defaultValue any
    description string
    id int ro
    inputFieldLocation string
    isAddress char
    isAddressFrom char
    isAddressTo char
    isEmail char
    isFiltered char
    isLocation char
    isLocation4tax char
    isPayer char
    isPhone char
    isProfileName char
    isZip char
    multiple char
    name string req
    personTypeId int req im
    propsGroupId int req
    required char
    settings any
    sort int
    type string req im
    userProps char
    util char
    xmlId string
""",
)

STATUS = _entity(
    "status",
    "statuses",
    """
    color string
    id string req im
    notify char
    sort int
    type char req
    xmlId string
""",
)

STATUS_LANG = _entity(
    "statusLang",
    "statusLangs",
    """
    description string
    lid string req
    name string req
    statusId string req
""",
)

PERSON_TYPE = _entity(
    "personType",
    "personTypes",
    """
    active char
    code string
    id int ro
    name string req
    sort int
    xmlId string
""",
)

PRODUCT = _entity(
    "product",
    "products",
    """
    active char
    available char ro
    barcodeMulti char
    bundle char ro
    canBuyZero char
    code string
    dateCreate datetime ro
    detailText string
    height double
    iblockId int req im
    iblockSectionId int
    id int ro
    length double
    measure int
    name string req
    previewText string
    purchasingCurrency string
    purchasingPrice double
    quantity double
    quantityReserved double
    quantityTrace char
    sort int
    timestampX datetime ro
    type int ro
    vatId int
    vatIncluded char
    weight double
    width double
    xmlId string
""",
)

VAT = _entity(
    "vat",
    "vats",
    """
    active char
    id int ro
    name string req
    rate double req
    sort int
    timestampX datetime ro
""",
)

STORE = _entity(
    "store",
    "stores",
    """
    active char
    address string req
    code string
    dateCreate datetime ro
    dateModify datetime ro
    description string
    email string
    gpsN double
    gpsS double
    id int ro
    imageId int
    issuingCenter char
    modifiedBy int
    phone string
    schedule string
    sort int
    title string
    userId int
    xmlId string
""",
)

STORE_PRODUCT = _entity(
    "storeProduct",
    "storeProducts",
    """
    amount double
    id int ro
    productId int
    quantityReserved double
    storeId int
""",
)

PRICE = _entity(
    "price",
    "prices",
    """
    catalogGroupId int
    currency string
    extraId int
    id int ro
    price double
    priceScale double
    productId int
    quantityFrom int
    quantityTo int
    timestampX datetime ro
""",
)

MEASURE = _entity(
    "measure",
    "measures",
    """
    code int req
    id int ro
    isDefault char
    measureTitle string req
    symbol string
    symbolIntl string
    symbolLetterIntl string
""",
)

CATALOG = _entity(
    "catalog",
    "catalogs",
    """
    iblockId int
    iblockTypeId string
    id int ro
    lid string
    name string
    productIblockId int
    skuPropertyId int
    subscription char
    vatId int
""",
)

ORDER_ENTITY = _entity(
    "orderEntity",
    "orderEntity",
    """
    orderId int
    ownerId int
    ownerTypeId int
""",
)
