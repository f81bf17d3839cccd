"""Records as the web forms of DNS providers take them: relative names, a field for each part, no final dots."""


def relative(name: str, zone: str) -> str:
    """Return a name without its zone; `@` is the zone itself."""
    return "@" if name == zone else name.removesuffix(f".{zone}")


_FIELDS = {
    "MX": ("priority", "value"),
    "SRV": ("priority", "weight", "port", "target"),
    "CAA": ("flags", "tag", "value"),
}


def fields(type_: str, text: str) -> dict[str, str]:
    """Return the fields of a form for one value.

    Args:
        type_: Of the record.
        text: The value as in a zone file; of TXT its text, whole and without quotes.
    """
    if type_ == "TXT":
        return {"value": text}
    labels = _FIELDS.get(type_, ("value",))
    words = text.split(" ", len(labels) - 1)
    last = words[-1]
    words[-1] = last.strip('"') if type_ == "CAA" else last if last == "." else last.removesuffix(".")
    return dict(zip(labels, words, strict=True))
