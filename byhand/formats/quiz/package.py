"""A package for a platform: its files, and the resources of its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, tostring

from byhand.page.page import Page

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def package_name(page: Page) -> str:
    """The identifier of a sheet's package, which those of its parts begin with."""
    return f"byhand-{page.document.name}-{page.stamp['hash']}"


def picture_file(picture: str) -> str:
    """The file of a picture, by its name in the questions."""
    return f"pictures/{picture}.svg"


def node(tag: str, attributes: Mapping[str, str] | None = None, *inside: Element | str) -> Element:
    """An element with others in it, or with a text."""
    made = Element(tag, dict(attributes or {}))
    for each in inside:
        if isinstance(each, str):
            made.text = each
        else:
            made.append(each)
    return made


def xml(root: Element, namespace: str) -> bytes:
    """The bytes of a file of XML."""
    root.set("xmlns", namespace)
    return DECLARATION + tostring(root, encoding="unicode").encode() + b"\n"


def manifest(name: str, schema: str, version: str, resources: Iterable[Element]) -> Element:
    """What a package holds. schema, version: of the package."""
    about = node("metadata", {}, node("schema", {}, schema), node("schemaversion", {}, version))
    parts = about, node("organizations"), node("resources", {}, *resources)
    return node("manifest", {"identifier": f"{name}-package"}, *parts)


def resource(identifier: str, kind: str, href: str, *others: str, needs: Iterable[str] = ()) -> Element:
    """A resource of a manifest: a file, others that it needs, and other resources."""
    files = (node("file", {"href": each}) for each in (href, *others))
    named = {"identifier": identifier, "type": kind, "href": href}
    return node("resource", named, *files, *(node("dependency", {"identifierref": each}) for each in needs))
