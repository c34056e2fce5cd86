"""Carries a folder chart of ours to a node."""

from __future__ import annotations

import base64
import io
import tarfile

from gongbang.paths import ROOT


def packed(chart: str) -> str:
    """The folder of a chart as a compressed archive, as one line of text."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(ROOT / "charts" / chart, arcname=chart)
    return base64.b64encode(buffer.getvalue()).decode()
