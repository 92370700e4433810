"""Why nothing of what was asked is said of a face or a picture: read off the record's settings and the face itself."""

from __future__ import annotations

from collections.abc import Mapping

from fakeface.decision import Reason
from fakeface.report.record import FaceEntry

__all__ = ["nothing_done", "unanswered_words"]


def nothing_done(settings: Mapping[str, object]) -> str:
    """What was left undone where there is no face ("nothing was explained"); empty where nothing was asked."""
    asked = settings.get("asked")
    if not isinstance(asked, dict):
        return ""
    writes = asked.get("style") or asked.get("questions") or asked.get("conversation")
    return "nothing was explained" if writes else "nothing was located"


def unanswered_words(settings: Mapping[str, object], face: FaceEntry) -> str:
    """Why nothing was located or explained on a face, and what to do; empty where it was, or was not asked.

    Args:
        settings: of the record.
        face: one of its faces.
    """
    asked = settings.get("asked")
    if not isinstance(asked, dict) or face.decision.reason != Reason.TOO_SMALL.value:
        return ""
    if asked.get("face") not in (None, face.number):
        return ""
    faces = settings.get("faces")
    least = faces.get("min_face_pixels") if isinstance(faces, dict) else None
    limit = f", and --min-face asks for {least}" if least is not None else ""
    return (
        f"{nothing_done(settings).capitalize()}: the face is too small to analyse. Its shorter side has "
        f"{face.size_pixels} pixels{limit}; --min-face {face.size_pixels} lets it be examined."
    )
