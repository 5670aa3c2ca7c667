"""Fleet lists that were made to cost: read in the confined process, each refused with one clear sentence."""

import io
import stat
import zipfile
from datetime import date, datetime

import pytest
from django.utils.translation import override
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, NamedStyle

from devices import actions as devices
from devices.fleet_import_files import COLUMNS, UnreadableFile, read_rows
from devices.models import FleetImport
from privacy.lib.sandbox import rejection, runner, spreadsheet_files
from privacy.lib.sandbox.rejection import Rejected
from tests import factory
from tests.base import PortalTestCase
from tests.devices.test_fleet_import import as_csv, as_xlsx, line

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
STRINGS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
TYPES = "[Content_Types].xml"
HEAD = '<?xml version="1.0"?>'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


def changed(**parts: str | bytes) -> bytes:
    """A sound workbook with other contents of some of its parts."""
    out = io.BytesIO()
    names = {"sheet": SHEET, "strings": STRINGS, "styles": "xl/styles.xml", "book": "xl/workbook.xml"}
    with zipfile.ZipFile(io.BytesIO(as_xlsx(line(1)))) as sound:
        whole: dict[str, str | bytes] = {name: sound.read(name) for name in sound.namelist()}
        types = sound.read(TYPES).decode()
    if "strings" in parts:
        types = types.replace("</Types>", f'<Override PartName="/{STRINGS}" ContentType="{STRINGS_TYPE}"/></Types>')
    whole |= {TYPES: types} | {names[name]: body for name, body in parts.items()}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, body in whole.items():
            made.writestr(name, body)
    return out.getvalue()


def sheet(rows: str, before: str = "") -> bytes:
    return changed(sheet=f"{HEAD}{before}<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>")


def strings(body: str, before: str = "") -> bytes:
    return changed(strings=f"{HEAD}{before}<sst {MAIN}>{body}</sst>")


def linked() -> bytes:
    """A sound workbook with a part that is a link to a file of this machine."""
    out = io.BytesIO(as_xlsx(line(1)))
    link = zipfile.ZipInfo("xl/media/image1.png")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(out, "a") as made:
        made.writestr(link, "/etc/passwd")
    return out.getvalue()


def with_parts(count: int) -> bytes:
    out = io.BytesIO(as_xlsx(line(1)))
    with zipfile.ZipFile(out, "a") as made:
        for number in range(count):
            made.writestr(f"xl/media/{number}.bin", b"")
    return out.getvalue()


def encrypted() -> bytes:
    content = bytearray(as_xlsx(line(1)))
    content[6] |= 1
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        content[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 4)
    return bytes(content)


def hostile() -> dict[str, bytes]:
    external = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    sound = as_xlsx(line(1))
    return {
        "rows as wide as a sheet may be": sheet('<row><c r="XFD1"><v>1</v></c></row>' * 5_000),
        "a row at the end of the sheet": sheet('<row r="1048576"><c r="A1048576"><v>1</v></c></row>'),
        "more than is unpacked": strings("<si><t>a</t></si>" * 8_000_000),
        "shared strings that are slow": strings("<si><r><t>a</t></r><r><t>b</t></r></si>" * 2_500_000),
        "a thousand million laughs": strings("<si><t>&l11;</t></si>", f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'),
        "laughs in the sheet": sheet("<row><c><v>&l11;</v></c></row>", f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'),
        "a file of this machine": strings("<si><t>&e;</t></si>", external),
        "a name declared behind a comment": sheet(
            '<row><c t="inlineStr"><is><t>&e;</t></is></c></row>',
            f'<!--{"x" * 70_000}--><!DOCTYPE x [<!ENTITY e "inside">]>',
        ),
        "more parts than a workbook has": with_parts(1_001),
        "a sheet that breaks off": changed(sheet=f"{HEAD}<worksheet {MAIN}><sheetData><row><c><v>1</v>"),
        "a sheet of noise": changed(sheet=bytes(range(256)) * 100),
        "styles that are no XML": changed(styles="<styleSheet"),
        "a book without sheets": changed(book=f"{HEAD}<workbook {MAIN}><sheets/></workbook>"),
        "deep nesting": sheet("<row>" * 50_000),
        "a locked archive": encrypted(),
        "a part that is a link": linked(),
        "a cut archive": sound[: len(sound) // 2],
        "a sheet that is packed wrongly": sound.replace(sound[-1200:-1100], bytes(100), 1),
        "no archive": b"PK\x03\x04" + b"\0" * 100,
    }


@pytest.mark.attack("17.14")
@pytest.mark.attack("17.24")
class HostileTablesTest(PortalTestCase):
    def preview(self, content: bytes, name: str = "fleet.xlsx") -> FleetImport:
        return devices.preview_import(
            name=name, content=content, gateway=factory.make_gateway(), actor=factory.make_odile(), at=factory.NOON
        )

    @pytest.mark.asvs("1.5.1", "5.2.3", "5.2.5", "5.2.2")
    def test_each_is_refused_with_one_sentence_in_both_languages(self) -> None:
        for what, content in hostile().items():
            with self.subTest(what):
                assert len(content) < 400_000
                with override("ko"), pytest.raises(UnreadableFile) as korean:
                    self.preview(content)
                assert str(korean.value).endswith("니다.") or "주십시오." in str(korean.value)
        with override("en"), pytest.raises(UnreadableFile, match="This is not an XLSX workbook"):
            self.preview(hostile()["no archive"])
        # Each for what it is: before a part is unpacked, its size and the number of all are known.
        for what, code in {
            "more than is unpacked": rejection.TOO_LARGE_UNPACKED,
            "more parts than a workbook has": rejection.TOO_LARGE_UNPACKED,
            "a file of this machine": rejection.DAMAGED,
            "a name declared behind a comment": rejection.DAMAGED,
            "a part that is a link": rejection.DAMAGED,
        }.items():
            with pytest.raises(Rejected) as refused:
                next(spreadsheet_files.read(rejection.XLSX + hostile()[what]))
            assert refused.value.code == code, what
        assert not FleetImport.objects.exists()

    def test_texts_that_are_hostile(self) -> None:
        for content in (b'"', b"model\n\0\xff\xfe", b"model\nx" + b",y" * 200_000, b'model\n"' + b"x" * 200_000):
            with self.subTest(content[:20]), pytest.raises(UnreadableFile):
                self.preview(content, "fleet.csv")

    def test_a_workbook_with_everything_that_offices_put_into_one_is_read(self) -> None:
        book = Workbook()
        active = book.active
        assert active is not None
        book.add_named_style(NamedStyle("emphasis"))
        active.append([*COLUMNS])
        values = line(1) | {"licence_starts_on": "", "model_description": "갤럭시"}
        active.append([values.get(name) for name in COLUMNS])
        start = active.cell(2, COLUMNS.index("licence_starts_on") + 1, date(2025, 1, 1))
        start.font, start.comment = Font(bold=True), Comment("?", "x")
        active.cell(2, COLUMNS.index("licence_ends_on") + 1, datetime(2027, 12, 31, 8, 30))
        active.cell(2, COLUMNS.index("model") + 1).hyperlink = "https://example.org"
        active.freeze_panes = "A2"
        active.merge_cells("A5:B6")
        book.create_sheet("other").append(["x"])
        out = io.BytesIO()
        book.save(out)
        ((number, row),) = read_rows("fleet.xlsx", out.getvalue())
        assert (number, row["licence_starts_on"], row["licence_ends_on"]) == (2, "2025-01-01", "2027-12-31")
        assert self.preview(out.getvalue()).accepted == 1

    def test_when_every_place_is_taken_it_is_told(self) -> None:
        places, runner.PLACES = runner.PLACES, ()
        try:
            with override("en"), pytest.raises(UnreadableFile, match="again in a minute"):
                self.preview(as_csv(line(1)), "fleet.csv")
        finally:
            runner.PLACES = places
