"""Whether a changed message still understands its past and is understood by it.

Services are rolled out one after the other, events stay in their stream for days and documents for ever: at
any time a new reader meets an old writer (backward) and an old reader a new writer (forward). The old schema
is the golden file, the new one comes from the code. Readers here ignore fields they do not know, fill in the
defaults of missing ones, and reject tags, enum values and types they do not know.

BREAKING: one of the two directions fails. A field removed or made required, a required field added, a type,
format or constraint changed, an enum value or a union's tag removed, a tag changed, a whole message gone.
FINE: both directions work. An optional field added, a new message, a new tag or enum value in a *request*,
which an older server answers with a plain `invalid_input`.
CARE: works if readers are rolled out before writers. A new tag or enum value in an event, signal, reply,
task or document: an old reader cannot decode it, so events and tasks land in the dead letters (from where
`reelbus dlq replay` brings them back), calls fail and signals are lost. A required field made optional
(writers must go on writing it) and a changed default (old messages without the field change meaning).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from libs.contracts.registry import Kind

Schema = Mapping[str, Any]
_CONSTRAINTS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "minItems", "maxItems", "minProperties", "maxProperties"),
)
_MISSING = object()
_NO_TAG = "without tag"


class Level(IntEnum):
    FINE = 0
    CARE = 1
    BREAKING = 2


@dataclass(frozen=True)
class Finding:
    """One difference: in which message, where in it, which rule speaks of it, and what it says."""

    level: Level
    message: str
    path: str
    rule: str
    text: str
    advice: str = ""

    def __str__(self) -> str:
        where = f"{self.message}: {self.path}" if self.path else self.message
        words = f"{self.level.name} {where}: {self.text} [{self.rule}]"
        return f"{words}\n    {self.advice}" if self.advice else words


_CAREFUL = "Roll out every reader before the first writer; what an old reader gets is a dead letter there."
_STEPS = {
    Kind.EVENT: "Declare a new version beside it (version + 1), publish both until nobody reads the old one.",
    Kind.SIGNAL: "Declare a new signal beside it, send both until nobody listens to the old one.",
    Kind.REQUEST: "Declare a new method beside it, serve both until nobody calls the old one.",
    Kind.REPLY: "Declare a new method beside it, serve both until nobody calls the old one.",
    Kind.TASK: "Add a task spec under a new tag beside it, and drop the old one when its queue is empty.",
    Kind.DOCUMENT: "Add a document (or a tag) beside it and read both, or rewrite what is stored.",
}
_FORCE = "If nobody has ever run the old one: reelbus docs schemas --accept {name}"


def review(old: Mapping[str, Schema], new: Mapping[str, Schema], kinds: Mapping[str, Kind]) -> list[Finding]:
    """All differences between two sets of schemas by message name, worst first. `kinds` knows the new."""
    found: list[Finding] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            advice = f"Retire it once nobody reads or writes it: reelbus docs schemas --accept {name}"
            text = "the message is gone"
            found.append(Finding(Level.BREAKING, name, "", "message-removed", text, advice))
        elif name not in old:
            found.append(Finding(Level.FINE, name, "", "message-added", "a new message"))
        else:
            found += compare(name, kinds[name], old[name], new[name])
    return sorted(found, key=lambda finding: -finding.level)


def compare(name: str, kind: Kind, old: Schema, new: Schema) -> list[Finding]:
    """The differences of one message."""
    comparison = _Comparison(name, kind, old.get("$defs", {}), new.get("$defs", {}))
    return list(comparison.types(old, new, ""))


class _Comparison:
    """Walks two schemas side by side. A struct that occurs in several places is compared once."""

    def __init__(self, name: str, kind: Kind, old: Schema, new: Schema) -> None:
        self._name = name
        self._kind = kind
        self._old = old
        self._new = new
        self._seen: set[tuple[int, int]] = set()

    def types(self, old: Schema, new: Schema, path: str) -> Iterator[Finding]:
        before, after = _alternatives(old, self._old), _alternatives(new, self._new)
        yield from self._plain({key for key in before if key[0] != "object"}, after, path)
        yield from self._tags({key[1] for key in before if key[0] == "object"}, after, path)
        for key in before.keys() & after.keys():
            inner = f"{path}<{key[1]}>" if key[0] == "object" and key[1] != _NO_TAG else path
            yield from self._same(key[0], before[key], after[key], inner)

    def _plain(
        self, before: set[tuple[str, str]], after: Mapping[tuple[str, str], Schema], path: str
    ) -> Iterator[Finding]:
        now = {key for key in after if key[0] != "object"}
        gone, come = _words(before - now), _words(now - before)
        if gone and come:
            yield self._breaking(path, "type-changed", f"was {gone}, is {come}")
        elif gone:
            yield self._breaking(path, "type-narrowed", f"cannot be {gone} any more")
        elif come:
            yield self._breaking(path, "type-widened", f"can now be {come}, which old readers reject")

    def _tags(
        self, before: set[str], after: Mapping[tuple[str, str], Schema], path: str
    ) -> Iterator[Finding]:
        now = {key[1] for key in after if key[0] == "object"}
        gone, come = sorted(before - now), sorted(now - before)
        if len(gone) == 1 and len(come) == 1:
            yield self._breaking(path, "tag-changed", f"the tag {gone[0]} became {come[0]}")
            return
        for tag in gone:
            yield self._breaking(path, "tag-removed", f"{tag} is no member of the union any more")
        for tag in come:
            if before:
                yield self._grown(path, "tag-added", f"{tag} is a new member of the union")
            else:
                yield self._breaking(path, "type-widened", f"can now be an object ({tag})")

    def _same(self, shape: str, old: Schema, new: Schema, path: str) -> Iterator[Finding]:
        for name in _CONSTRAINTS:
            if old.get(name) != new.get(name):
                text = f"{name} was {old.get(name, 'not set')}, is {new.get(name, 'not set')}"
                yield self._breaking(path, "constraint-changed", text)
        if shape == "enum":
            yield from self._values(_values(old), _values(new), path)
        elif shape == "array":
            yield from self.types(old.get("items", {}), new.get("items", {}), f"{path}[]")
        elif shape == "map":
            values = [each.get("additionalProperties", {}) for each in (old, new)]
            yield from self.types(values[0], values[1], f"{path}{{}}")
        elif shape == "object":
            yield from self._fields(old, new, path)

    def _values(self, old: list[str], new: list[str], path: str) -> Iterator[Finding]:
        if gone := [value for value in old if value not in new]:
            yield self._breaking(path, "enum-narrowed", f"{', '.join(gone)} cannot occur any more")
        if come := [value for value in new if value not in old]:
            yield self._grown(path, "enum-value-added", f"{', '.join(come)} can occur now")

    def _fields(self, old: Schema, new: Schema, path: str) -> Iterator[Finding]:
        if (id(old), id(new)) in self._seen:
            return
        self._seen.add((id(old), id(new)))
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in sorted(before.keys() | after.keys()):
            inner = f"{path}.{name}" if path else name
            was, now = name in old.get("required", ()), name in new.get("required", ())
            if name not in after:
                yield self._breaking(inner, "field-removed", "the field is gone")
            elif name not in before and now:
                yield self._breaking(inner, "required-field-added", "a new field without a default")
            elif name not in before:
                yield self._finding(Level.FINE, inner, "field-added", "a new optional field")
            else:
                yield from self._optionality(inner, was, now)
                yield from self._default(inner, before[name], after[name], both_optional=not was and not now)
                yield from self.types(before[name], after[name], inner)

    def _optionality(self, path: str, was: bool, now: bool) -> Iterator[Finding]:
        if now and not was:
            yield self._breaking(path, "field-made-required", "had a default, has none now")
        elif was and not now:
            text = "has a default now; old readers still need the field"
            yield self._finding(Level.CARE, path, "field-made-optional", text, "Go on writing it always.")

    def _default(self, path: str, old: Schema, new: Schema, *, both_optional: bool) -> Iterator[Finding]:
        before, after = old.get("default", _MISSING), new.get("default", _MISSING)
        if both_optional and before != after:
            text = f"the default was {_shown(before)}, is {_shown(after)}"
            advice = "Old messages without the field mean something else now: be sure that this is right."
            yield self._finding(Level.CARE, path, "default-changed", text, advice)

    def _grown(self, path: str, rule: str, text: str) -> Finding:
        if self._kind is Kind.REQUEST:
            return self._finding(Level.FINE, path, rule, text)
        return self._finding(Level.CARE, path, rule, text, _CAREFUL)

    def _breaking(self, path: str, rule: str, text: str) -> Finding:
        advice = f"{_STEPS[self._kind]}\n    {_FORCE.format(name=self._name)}"
        return self._finding(Level.BREAKING, path, rule, text, advice)

    def _finding(self, level: Level, path: str, rule: str, text: str, advice: str = "") -> Finding:
        return Finding(level, self._name, path, rule, text, advice)


def _alternatives(schema: Schema, parts: Schema) -> dict[tuple[str, str], Schema]:
    """What a value may be, by shape and detail (`("object", "render")`, `("string", "uuid")`)."""
    if "$ref" in schema:
        return _alternatives(parts[str(schema["$ref"]).rpartition("/")[2]], parts)
    if "anyOf" in schema:
        found: dict[tuple[str, str], Schema] = {}
        for each in schema["anyOf"]:
            found |= _alternatives(each, parts)
        return found
    if "enum" in schema or "const" in schema:
        return {("enum", ""): schema}
    if "properties" in schema:
        return {("object", _tag(schema)): schema}
    if schema.get("type") == "object":
        return {("map", ""): schema}
    return {(str(schema.get("type", "any")), str(schema.get("format", ""))): schema}


def _tag(schema: Schema) -> str:
    """The value of the property that tells a struct from others: required, with one possible value."""
    for name in sorted(schema.get("required", ())):
        values = _values(schema["properties"].get(name, {}))
        if len(values) == 1:
            return values[0]
    return _NO_TAG


def _values(schema: Schema) -> list[str]:
    return [str(value) for value in schema.get("enum", [schema["const"]] if "const" in schema else [])]


def _words(keys: set[tuple[str, str]]) -> str:
    return " or ".join(sorted(f"{shape} ({detail})" if detail else shape for shape, detail in keys))


def _shown(default: object) -> str:
    return "not set" if default is _MISSING else repr(default)
