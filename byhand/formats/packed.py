"""Files as one zip file, the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first date that a zip file has a number for
READABLE = 0o644 << 16  # the owner writes, all read
UNIX = 3  # the system whose rights these are


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files as one zip file, in their order."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, EARLIEST)
            info.create_system, info.external_attr, info.compress_type = UNIX, READABLE, zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return content.getvalue()
