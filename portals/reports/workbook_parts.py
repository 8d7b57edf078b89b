"""The fixed parts of a workbook (ECMA-376): its styles, its list of parts, how they hang together."""

from __future__ import annotations

from portals.reports.vocabulary import COUNT, DAY, MONEY, MONTH, PERCENT, QUANTITY, TEXT

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SCHEMAS = "http://schemas.openxmlformats.org"
MAIN = f"{SCHEMAS}/spreadsheetml/2006/main"
PACKAGE = f"{SCHEMAS}/package/2006"
OFFICE = f"{SCHEMAS}/officeDocument/2006/relationships"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"

# The place of a style among the cellXfs below.
PLAIN, TITLE, NOTE, HEAD, HEAD_NUMBER, TOTAL_TEXT = 0, 1, 2, 3, 4, 5
FORMS = {MONEY: 6, QUANTITY: 7, COUNT: 8, PERCENT: 9, DAY: 10, MONTH: 11, TEXT: 0}
BOLD = 6  # from a form to the same in the row of totals
FORMATS = {
    164: "#,##0.00", 165: "#,##0.000###", 166: "#,##0", 167: "0.0", 168: "DD.MM.YYYY", 169: "[$-419]MMMM\\ YYYY;@",
}  # fmt: skip


def _font(size: int, *, bold: bool = False, colour: str = "") -> str:
    shown = f'<color rgb="{colour}"/>' if colour else ""
    return f'<font>{"<b/>" if bold else ""}<sz val="{size}"/>{shown}<name val="Arial"/><family val="2"/></font>'


def _solid(colour: str) -> str:
    return (
        f'<fill><patternFill patternType="solid"><fgColor rgb="{colour}"/><bgColor indexed="64"/></patternFill></fill>'
    )


def _style(form: int = 0, font: int = 0, fill: int = 0, border: int = 0, align: str = "") -> str:
    applied = 'applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1"'
    start = f'<xf numFmtId="{form}" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" {applied}'
    return f"{start}>{align}</xf>" if align else f"{start}/>"


_SIDES = "<left/><right/>{top}<bottom/><diagonal/>"
_TOP = '<top style="thin"><color rgb="FF9BB5B1"/></top>'
_styles = [
    _style(),
    _style(font=1),
    _style(font=2),
    _style(font=3, fill=2, align='<alignment vertical="top" wrapText="1"/>'),
    _style(font=3, fill=2, align='<alignment horizontal="right" vertical="top" wrapText="1"/>'),
    _style(font=3, fill=3, border=1),
    *(_style(form) for form in FORMATS),
    *(_style(form, font=3, fill=3, border=1) for form in FORMATS),
]
STYLES = "".join([
    f'{XML}<styleSheet xmlns="{MAIN}"><numFmts count="{len(FORMATS)}">',
    *(f'<numFmt numFmtId="{form}" formatCode="{code}"/>' for form, code in FORMATS.items()),
    '</numFmts><fonts count="4">', _font(10), _font(13, bold=True), _font(9, colour="FF5A6663"), _font(10, bold=True),
    '</fonts><fills count="4"><fill><patternFill patternType="none"/></fill>',
    '<fill><patternFill patternType="gray125"/></fill>', _solid("FFE3F1EF"), _solid("FFF1F5F4"),
    '</fills><borders count="2">',
    f'<border>{_SIDES.format(top="<top/>")}</border><border>{_SIDES.format(top=_TOP)}</border>',
    '</borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>',
    f'<cellXfs count="{len(_styles)}">', *_styles,
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
])  # fmt: skip
TYPES = "".join([
    f'{XML}<Types xmlns="{PACKAGE}/content-types">',
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>',
    '<Default Extension="xml" ContentType="application/xml"/>',
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>',
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/>',
    f'<Override PartName="/xl/styles.xml" ContentType="{KIND}.styles+xml"/></Types>',
])  # fmt: skip


def _relations(*pairs: tuple[str, str]) -> str:
    """Parts that a part refers to: (kind, where)."""
    told = "".join(
        f'<Relationship Id="rId{place}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for place, (kind, target) in enumerate(pairs, 1)
    )
    return f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{told}</Relationships>'


RELATIONS = _relations(("officeDocument", "xl/workbook.xml"))
BOOK_RELATIONS = _relations(("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"))
BOOK = (
    f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><bookViews><workbookView/></bookViews>'
    '<sheets><sheet name="{name}" sheetId="1" r:id="rId1"/></sheets><definedNames>'
    '<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">{area}</definedName>'
    '<definedName name="_xlnm.Print_Titles" localSheetId="0">{titles}</definedName>'
    '</definedNames><calcPr calcId="191029"/></workbook>'
)
SHEET = (
    f'{XML}<worksheet xmlns="{MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews>'
    '<sheetView workbookViewId="0"><pane xSplit="{frozen}" ySplit="{head}" topLeftCell="{corner}"'
    ' activePane="bottomRight" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="13.5"/>'
    "<cols>{cols}</cols><sheetData>"
)
