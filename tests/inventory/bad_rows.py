"""The second half of the table of bad inputs: what is wrong with single rows, or with the lot as a whole."""

from tests.factories import make_csv, make_row
from tests.inventory.arrivals import ELM, OAK, rows_at
from tests.inventory.bad_inputs import LOT, VIN, Case, held, row, with_mileage

FACTORY_VIN = VIN[:13] + "O" + VIN[14:]
UNSAFE_URLS = [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "//evil.example/x",
    "http://127.0.0.1/x",
]
STRANGE_PLACES = ["../x", "a/b", "O'Fallon", "A & B"]


def twins(**cells: str) -> bytes:
    return make_csv(rows=[*LOT, make_row(number=6, location=ELM, **cells)])


ROWS = [
    row(42, "VIN of 16", {"Vin": VIN[:16]}, "E_VIN_LEN", says="has 16 characters"),
    row(42, "VIN of 18", {"Vin": f"{VIN}1"}, "E_VIN_LEN", says="has 18 characters"),
    row(43, "VIN with O", {"Vin": FACTORY_VIN}, "E_VIN_CHARS", says="this one has O"),
    row(44, "VIN in lower case with blanks", {"Vin": f"  {VIN.lower()} "}, facts={"vin": VIN}),
    *(row(45, f"VIN {vin}", {"Vin": vin}, "E_VIN", says="VIN") for vin in ("VIN", "N/A", "0" * 17)),
    row(46, "VIN in wide letters", {"Vin": chr(0xFF11) + VIN[1:]}, "E_VIN_CHARS", says="U+FF11"),
    row(46, "VIN with a Cyrillic letter", {"Vin": VIN.replace("C", "\u0421", 1)}, "E_VIN_CHARS", says="U+0421"),
    row(47, "wrong check digit", {"Vin": VIN[:8] + ("1" if VIN[8] != "1" else "2") + VIN[9:]}, "W_CHECKDIGIT"),
    row(48, "VIN as a number", {"Vin": "1.23E+16"}, "E_VIN_SCI", says="spreadsheet"),
    Case(number=49, what="identical rows", content=twins(), codes=("W_DUP",), column="Vin", rejected=1, says="row 7"),
    held(50, "same VIN with other price", twins(Price="1"), "G_REJECTS", rejected=2, says="2 of 7 rows"),
    Case(
        number=51,
        what="same VIN elsewhere",
        content=make_csv(rows=[*LOT, make_row(number=6, location=OAK)]),
        codes=("W_CROSS",),
        column="Vin",
    ),
    row(53, "negative price", {"Price": "-5"}, "W_PRICE_TEXT", facts={"price": None, "raw_price": "-5"}),
    *(
        row(54, f"price {price or 'blank'}", {"Price": price}, "W_PRICE", facts={"price": None})
        for price in ("", "0", "Call for price")
    ),
    *(
        row(number, f"price {price[:12]}", {"Price": price}, "W_PRICE_TEXT", facts={"price": None, "raw_price": price})
        for number, price in [
            (55, "99,999,999"),
            (55, "1e400"),
            (55, "9" * 400),
            (56, "NaN"),
            (56, "Infinity"),
            (56, "-0"),
            (57, "23 456"),
            (58, "23.456,00"),
            (59, "\u0661\u0662\u0663"),
            (59, "1_000"),
            (59, "0x10"),
        ]
    ),
    row(57, "price in dollars", {"Price": "$23,456.00"}, facts={"price": 23456}),
    *(row(60, f"year {year}", {"Year": year}, "E_YEAR", says="from 1981") for year in ("0", "1885", "2100", "23")),
    row(61, "year 2022.0", {"Year": "2022.0"}, facts={"year": 2022}),
    row(62, "year of 5,000 digits", {"Year": "2" * 5000}, "E_YEAR", says="from 1981"),
    Case(
        number=63,
        what="negative mileage",
        content=with_mileage("-5"),
        codes=("E_MILEAGE",),
        column="Mileage",
        rejected=1,
        says="cannot be negative",
    ),
    Case(number=63, what="absurd mileage", content=with_mileage("9999999"), codes=("W_MILEAGE",), column="Mileage"),
    *(
        row(64, f"date {day}", {"Date In Stock": day}, "W_DATE", facts={"date_in_stock": None})
        for day in ("0000-00-00", "31/02/2025", "13/02/2025", "1899-12-30")
    ),
    row(65, "unknown type", {"Type": "Loaner"}, facts={"condition": "unknown", "raw_type": "Loaner"}),
    row(65, "blank type", {"Type": ""}, facts={"condition": "unknown"}),
    *(
        row(number, f"model {model[:6]}", {"Model": model}, facts={"model": model})
        for number, model in [
            (66, "=cmd|' /C calc'!A0"),
            (66, "@SUM(A1)"),
            (66, "+1"),
            (66, "-1"),
            (67, "<script>alert(1)</script>"),
            (67, '"><img src=x onerror=alert(1)>'),
            (68, "{{7*7}}"),
            (68, "{% load x %}"),
            (69, "'; DROP TABLE inventory_vehicle; --"),
            (72, "\U0001f697 \u05e9\u05dc\u05d5\u05dd \U00020000"),
        ]
    ),
    *(row(70, f"url {url[:6]}", {"Vechile URL": url}, "W_URL", facts={"url": ""}) for url in UNSAFE_URLS),
    *(
        row(71, f"url {at}", {"Vechile URL": url}, "W_URL", facts={"url": ""})
        for at, url in enumerate(["https://a.example/" + "x" * 3000, "https://a.example/x\ny", "https://u@a.example/"])
    ),
    Case(
        number=73,
        what="unknown dealership",
        content=make_csv(rows=rows_at("Nobody & Sons", 7)),
        status="unmatched",
        codes=("E_DEALER",),
        says="Nobody & Sons",
    ),
    row(74, "alias in other case", {"Location": " ELM  street MOTORS. "}),
    *(row(75, f"dealership {place}", {"Location": place}, facts={"model": "Renegade"}) for place in STRANGE_PLACES),
    held(76, "another dealership", make_csv(rows=rows_at(ELM, 7, first=100)), "G_OVERLAP", says="Only 0 of 7 VINs"),
    Case(
        number=77,
        what="nothing left",
        content=make_csv(rows=rows_at(ELM, 7, Vin="N/A")),
        status="rejected",
        codes=("G_ZERO",),
        rejected=7,
        says="No vehicle is left of 7 rows",
    ),
    held(
        79,
        "most rows rejected",
        make_csv(rows=[*LOT[:3], *rows_at(ELM, 4, first=4, Year="1885")]),
        "G_REJECTS",
        rejected=4,
        says="4 of 7 rows were rejected",
    ),
    row(94, "shifted columns", {"Make": "2022", "Year": ""}, "E_SHIFT", says="columns of this row have shifted"),
    row(95, "price -1000", {"Price": "-1000"}, "W_PRICE", facts={"price": None}),
    row(
        96,
        "price in markup",
        {"Price": '<span class="callforprice">Please call for price</span>'},
        "W_PRICE",
        facts={"price": None},
    ),
    *(row(97, f"stock {stock}", {"Stock": stock}, facts={"stock": ""}) for stock in ("N/A", "*", "TBA")),
    row(98, "blank status", {"Status": ""}, facts={"lot_status": "on_lot"}),
    row(98, "new status", {"Status": "Fresh Arrival"}, facts={"lot_status": "unknown", "raw_status": "Fresh Arrival"}),
    row(99, "status with odd blanks", {"Status": " in  transit "}, facts={"lot_status": "off_lot"}),
    row(100, "CarBravo", {"Type": "CarBravo"}, facts={"condition": "cpo"}),
    row(100, "Demo", {"Type": "Demo"}, facts={"condition": "new"}),
    row(101, "entity of an ampersand", {"Model": "Town &amp; Country"}, facts={"model": "Town & Country"}),
    row(102, "made-up VIN", {"Vin": "12345678910121314", "Year": "2001"}, "W_CHECKDIGIT"),
]
