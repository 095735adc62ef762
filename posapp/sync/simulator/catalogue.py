"""The entities of `catalog`: goods, taxes, stores, stock documents, as tables. How to read them: `entity.py`."""

from __future__ import annotations

from posapp.sync.simulator.entity import Entity, Field, declare

PRODUCT = declare(
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

OFFER = Entity("offer", "offers", {**PRODUCT.fields, "parentId": Field("parentId", "any", False, False, False)})
"""A variation: a product that also names its parent, `{"value", "valueId"}`."""

SKU = Entity("sku", "units", PRODUCT.fields)
"""A product that has variations."""

VAT = declare(
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

STORE = declare(
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

STORE_PRODUCT = declare(
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

PRICE = declare(
    "price",
    "prices",
    """
    catalogGroupId int
    currency string
    extraId int
    id int ro
    price double
    priceScale double ro
    productId int
    quantityFrom int
    quantityTo int
    timestampX datetime ro
""",
)

PRICE_TYPE = declare(
    "priceType",
    "priceTypes",
    """
    base char
    createdBy int ro
    dateCreate datetime ro
    id int ro
    modifiedBy int ro
    name string req
    sort int
    timestampX datetime ro
    xmlId string
""",
)

MEASURE = declare(
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

CATALOG = declare(
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

DOCUMENT = declare(
    "document",
    "documents",
    """
    commentary string
    createdBy int ro
    currency string
    dateCreate datetime ro
    dateDocument datetime
    dateModify datetime ro
    dateStatus datetime ro
    docNumber string
    docType char req im
    id int ro
    modifiedBy int ro
    responsibleId int req
    siteId string
    status char ro
    statusBy int ro
    title string
    total double
""",
)

DOCUMENT_ELEMENT = declare(
    "documentElement",
    "documentElements",
    """
    amount double req
    docId int req im
    elementId int req im
    id int ro
    purchasingPrice double
    storeFrom int
    storeTo int
""",
)
