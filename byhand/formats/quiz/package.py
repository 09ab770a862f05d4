"""A package for a platform: its files, the resources of its manifest, and the zip file, the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from byhand.page.page import Page

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first date that a zip file has a number for
READABLE = 0o644 << 16  # the owner writes, all read
UNIX = 3  # the system whose rights these are
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def package_name(page: Page) -> str:
    """The identifier of a sheet's package, which those of its parts begin with."""
    return f"byhand-{page.document.name}-{page.stamp['hash']}"


def picture_file(picture: str) -> str:
    """The file of a picture, by its name in the questions."""
    return f"pictures/{picture}.svg"


def xml(root: Element) -> bytes:
    """The bytes of a file of XML."""
    return DECLARATION + tostring(root, encoding="unicode").encode() + b"\n"


def resource(resources: Element, identifier: str, kind: str, href: str, *others: str) -> None:
    """Add a resource to a manifest: a file, and others that it needs."""
    found = SubElement(resources, "resource", {"identifier": identifier, "type": kind, "href": href})
    for each in (href, *others):
        SubElement(found, "file", {"href": each})


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files as one zip file, in their order."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, EARLIEST)
            info.create_system, info.external_attr, info.compress_type = UNIX, READABLE, zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return content.getvalue()
