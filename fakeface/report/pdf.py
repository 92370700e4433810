"""The court-ready report: a PDF view of ``findings.json`` and of the pictures beside it, and of nothing else.

Rendering the same record twice gives the same bytes. Text from evidence and models reaches a page through one function
(``pdf_page.markup``), pictures only through buffers of our own.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from reportlab.platypus.flowables import Flowable

from fakeface.report.pdf_faces import faces
from fakeface.report.pdf_films import films
from fakeface.report.pdf_page import ReportTemplate, prepare
from fakeface.report.pdf_sections import closing, evidence, front, summary
from fakeface.report.pdf_view import View, open_view

__all__ = ["pdf_bytes"]


def pdf_bytes(run_root: Path) -> bytes:
    """The report of a run as bytes; the same for the same record and pictures.

    Raises:
        OutputError: there is no record, or it has another form.
    """
    prepare()
    view = open_view(run_root)
    pages = _built(view, 0)[1]  # a first pass counts the pages, because each one says how many there are
    return _built(view, pages)[0]


def _built(view: View, total_pages: int) -> tuple[bytes, int]:
    target = BytesIO()
    producer = f"{view.head.tool} {view.head.tool_version}"
    template = ReportTemplate(target, view.report_id, total_pages, producer)
    template.build(_story(view))
    return target.getvalue(), int(template.page)


def _story(view: View) -> list[Flowable]:
    return [*front(view), *summary(view), *evidence(view), *faces(view), *films(view), *closing(view)]
