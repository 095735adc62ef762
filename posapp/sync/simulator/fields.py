"""The entities of `sale` and what hangs on an order, as tables. How to read them: `entity.py`."""

from __future__ import annotations

from posapp.sync.simulator.entity import declare

ORDER = declare(
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

BASKET_ITEM = declare(
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

PAYMENT = declare(
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

SHIPMENT = declare(
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

SHIPMENT_ITEM = declare(
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

PROPERTY_VALUE = declare(
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

PROPERTY = declare(
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

STATUS = declare(
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

STATUS_LANG = declare(
    "statusLang",
    "statusLangs",
    """
    description string
    lid string req
    name string req
    statusId string req
""",
)

PERSON_TYPE = declare(
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

ORDER_ENTITY = declare(
    "orderEntity",
    "orderEntity",
    """
    orderId int
    ownerId int
    ownerTypeId int
""",
)

PAYMENT_ITEM_BASKET = declare(
    "paymentItemBasket",
    "paymentItemsBasket",
    """
    basketId int req im
    dateInsert datetime ro
    id int ro
    paymentId int req im
    quantity double
    xmlId string
""",
)

PAYMENT_ITEM_SHIPMENT = declare(
    "paymentItemShipment",
    "paymentItemsShipment",
    """
    dateInsert datetime ro
    id int ro
    paymentId int req im
    shipmentId int req im
    xmlId string
""",
)
