"""Registers as files: ten thousand decisions as XLSX, two thousand as PDF, beside plain openpyxl and plain typst.

Ours reads the rows from the database, escapes, makes the file and puts the export on record; the reference only writes
the same cells. Each file is made in a process of its own, so that nothing is warm.
"""

import argparse
import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from harness import Figure, embedded_database, limit_figure, print_figures

LIMIT_SECONDS = 10.0
PER_DAY = 100
PLAIN = """#set page(flipped: true, margin: 14mm)
#set text(font: "Noto Sans KR", size: 7pt)
#let payload = json("rows.json")
#table(columns: payload.columns.len() * (1fr,), table.header(..payload.columns), ..payload.rows.flatten())
"""


def main() -> None:
    """Make the rows, then each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 rows")
    parser.add_argument("--rows", type=int, default=10_000)
    options = parser.parse_args()
    if options.quick:
        options.rows = 1_000
    with embedded_database():
        figures = Bench(options.rows).figures()
    print_figures("Registers as files", figures)


class Bench:
    def __init__(self, rows: int) -> None:
        from privacy.lib.dates import clock
        from privacy.lib.registries import registers
        from tests import factory

        self.rows, self.at = rows, clock.now()
        self.printed_rows = min(rows, registers.MAX_ROWS["pdf"])
        self.odile = factory.make_odile()
        self.register = registers.get("consents")
        self._decide(rows)
        today = clock.kst_date(self.at)
        self.window = registers.ExportScope(today - timedelta(days=3650), today, self.odile, self.at, "benchmark")
        # the decisions are a day apart in blocks, so that a period holds what a PDF takes
        days = timedelta(days=self.printed_rows // PER_DAY - 1)
        self.short = registers.ExportScope(today - days, today, self.odile, self.at, "benchmark")

    def _decide(self, rows: int) -> None:
        """Fill the register; how decisions are made is measured elsewhere."""
        from consents.models import AgreementVersion, Decision
        from privacy.lib.identifiers.ids import new_id

        version = AgreementVersion.objects.filter(state="published").select_related("agreement").first()
        Decision.objects.bulk_create(
            (
                Decision(
                    subject_id=new_id(), agreement=version.agreement, version=version, text_digest=version.digest,
                    choice="agree", decided_at=self.at - timedelta(days=number // PER_DAY), recorded_at=self.at,
                    method="app", language="ko", actor_kind="gateway", actor_ref="G-7F3K-92QX",
                )
                for number in range(rows)
            ),
            batch_size=2_000,
        )  # fmt: skip

    def figures(self) -> list[Figure]:
        """Return ours beside the reference, and beside the limit of ten seconds."""
        from rights import in_a_child

        printed = self.register.printed or len(self.register.columns)
        cells = [[str(cell) for cell in row] for row in self.register.rows(self.window)]
        assert len(cells) == self.rows
        on_paper = [[str(cell) for cell in row[:printed]] for row in self.register.rows(self.short)]
        assert len(on_paper) == self.printed_rows
        works: dict[str, tuple[Any, Any, int]] = {
            "xlsx": (self._ours("xlsx", self.window), lambda: plain_xlsx(self.register.headings, cells), self.rows),
            "pdf": (
                self._ours("pdf", self.short),
                lambda: plain_pdf(self.register.headings[:printed], on_paper),
                self.printed_rows,
            ),
        }
        figures, worst = [], 0.0
        for form, (ours, plain, rows) in works.items():
            taken, memory = in_a_child(ours)
            reference, _memory = in_a_child(plain)
            worst = max(worst, taken)
            what = f"{rows:,} rows as {form.upper()}; reference: the same cells, written plainly"
            figures.append(Figure(f"export_{form}_s", taken, reference, "s", taken / reference, what))
            figures.append(limit_figure(f"export_{form}_mb", memory, 2_000, "MB", "memory it adds at its peak"))
        figures.append(
            limit_figure(
                "export_10k_s",
                worst,
                LIMIT_SECONDS,
                "s",
                f"the slower of {self.rows:,} rows as XLSX and {self.printed_rows:,} as PDF",
            )
        )
        return figures

    def _ours(self, form: str, window: Any) -> Any:
        from privacy.ledger.exports import register_export

        def export() -> None:
            content = register_export.export_register(
                self.register, first=window.first, last=window.last, form=form,
                reason="benchmark", actor=self.odile, at=self.at,
            )  # fmt: skip
            assert content

        return export


def plain_xlsx(headings: Any, cells: list[list[str]]) -> None:
    """Write the cells with openpyxl's write-only mode, nothing else."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(headings))
    for row in cells:
        sheet.append(row)
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as out:
        book.save(out.name)


def plain_pdf(headings: Any, cells: list[list[str]]) -> None:
    """Print the cells with a plain typst table, untagged, without our frame."""
    import typst

    from privacy.lib.documents.pdf import FONT_PATH

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rows.json").write_text(json.dumps({"columns": list(headings), "rows": cells}))
        (Path(folder) / "plain.typ").write_text(PLAIN)
        fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(FONT_PATH.parent)])
        assert typst.compile(Path(folder) / "plain.typ", root=folder, font_paths=fonts, format="pdf")


if __name__ == "__main__":
    sys.exit(main())
