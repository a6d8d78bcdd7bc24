"""What the XMP of a Motion Photo says: that it is one, and what lies behind the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from libs.contracts.errors import MediaError
from libs.media.motionphoto.jpeg import XMP

UNKNOWN_TIME = -1
"""Of the presentation: the format's word for "not said"."""

_CAMERA = "http://ns.google.com/photos/1.0/camera/"
_CONTAINER = "http://ns.google.com/photos/1.0/container/"
_ITEM = "http://ns.google.com/photos/1.0/container/item/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_MAX_ITEMS = 32
_NUMBER = re.compile(r"\s*(-?[0-9]{1,18})\s*")

_PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{rdf}">
  <rdf:Description rdf:about=""
    xmlns:GCamera="{camera}"
    xmlns:Container="{container}"
    xmlns:Item="{item}"
    GCamera:MotionPhoto="1"
    GCamera:MotionPhotoVersion="1"
    GCamera:MotionPhotoPresentationTimestampUs="{presentation}"
    GCamera:MicroVideo="1"
    GCamera:MicroVideoVersion="1"
    GCamera:MicroVideoOffset="{length}"
    GCamera:MicroVideoPresentationTimestampUs="{presentation}">
   <Container:Directory>
    <rdf:Seq>
     <rdf:li rdf:parseType="Resource">
      <Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"
        Item:Length="0" Item:Padding="{padding}"/>
     </rdf:li>
     <rdf:li rdf:parseType="Resource">
      <Container:Item Item:Semantic="MotionPhoto" Item:Mime="video/mp4"
        Item:Length="{length}" Item:Padding="0"/>
     </rdf:li>
    </rdf:Seq>
   </Container:Directory>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True)
class Item:
    """`length` and `padding` are bytes; a primary item may have no length, and it alone has padding."""

    semantic: str
    mime: str
    length: int
    padding: int


@dataclass(frozen=True)
class Description:
    """`items` are in the order of the file."""

    presentation_us: int
    items: tuple[Item, ...]


def build(presentation_us: int, *, length: int, padding: int) -> bytes:
    """The body of the segment: `length` bytes to the end of the file belong to the video, `padding` bytes
    stand between the picture and them."""
    text = _PACKET.format(
        rdf=_RDF, camera=_CAMERA, container=_CONTAINER, item=_ITEM,
        presentation=presentation_us, length=length, padding=padding,
    )  # fmt: skip
    return XMP + text.encode()


def parse(data: bytes) -> Description:
    """`data` is what follows the identifier in the segment. Raises `MediaError`."""
    root = _root(data)
    if _number(_property(root, _CAMERA, "MotionPhoto")) != 1:
        raise MediaError("This is not a Motion Photo.")
    if _number(_property(root, _CAMERA, "MotionPhotoVersion")) != 1:
        raise MediaError("This is a Motion Photo of a version that is not known.")
    presentation = _number(_property(root, _CAMERA, "MotionPhotoPresentationTimestampUs"), UNKNOWN_TIME)
    if presentation < UNKNOWN_TIME:
        raise MediaError("The Motion Photo shows its picture before its video begins.")
    return Description(presentation, tuple(_items(root)))


def _root(data: bytes) -> Element:
    try:
        root: Element = fromstring(data.rstrip(b"\0"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise MediaError("The XMP of the picture is damaged.") from error
    return root


def _items(root: Element) -> list[Item]:
    directory = next(root.iter(f"{{{_CONTAINER}}}Directory"), None)
    found = [] if directory is None else list(directory.iter(f"{{{_CONTAINER}}}Item"))
    if not found:
        raise MediaError("The Motion Photo does not say where its video is.")
    if len(found) > _MAX_ITEMS:
        raise MediaError("The Motion Photo has too many parts.")
    return [_item(each) for each in found]


def _item(element: Element) -> Item:
    semantic, mime = (_own(element, _ITEM, name) or "" for name in ("Semantic", "Mime"))
    length, padding = (_number(_own(element, _ITEM, name), 0) for name in ("Length", "Padding"))
    if not mime or length < 0 or padding < 0:
        raise MediaError("The Motion Photo has a part that makes no sense.")
    return Item(semantic, mime, length, padding)


def _property(root: Element, namespace: str, name: str) -> str | None:
    """Of any description; written as an attribute or as an element."""
    for description in root.iter(f"{{{_RDF}}}Description"):
        found = _own(description, namespace, name)
        if found is not None:
            return found
    return None


def _own(element: Element, namespace: str, name: str) -> str | None:
    key = f"{{{namespace}}}{name}"
    return element.get(key, element.findtext(key))


def _number(text: str | None, default: int | None = None) -> int:
    if text is None and default is not None:
        return default
    found = _NUMBER.fullmatch(text or "0")
    if found is None:
        raise MediaError("The XMP of the picture has a number that is none.")
    return int(found[1])
