"""Every rule of the compatibility checker, one line each: an old type, a new type, what is found."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
import pytest

from libs.contracts.registry import Kind, WireMessage
from reelbus.docs.compat import Finding, Level, compare, review
from reelbus.docs.schemas import schema_of

FINE, CARE, BREAKING = Level.FINE, Level.CARE, Level.BREAKING


def struct(*fields: Any, tag: str | None = None, name: str = "Thing") -> Any:
    """A struct of `(name, type[, default])`."""
    return msgspec.defstruct(name, list(fields), kw_only=True, frozen=True, tag=tag)


def enum(*values: str) -> Any:
    return Enum("State", {value.upper(): value for value in values})


def found(old: Any, new: Any, kind: Kind = Kind.EVENT) -> list[Finding]:
    schemas = [schema_of(WireMessage("thing.happened.v1", kind, each)) for each in (old, new)]
    return compare("thing.happened.v1", kind, *schemas)


class Inner(msgspec.Struct):
    code: str


class InnerWithMore(msgspec.Struct):
    code: str
    hint: str


A = struct(("x", int), tag="a", name="A")
B = struct(("y", int), tag="b", name="B")
RENAMED = struct(("x", int), tag="z", name="A")
NAMED_OTHERWISE = struct(("x", int), tag="a", name="Other")


class Case(NamedTuple):
    name: str
    old: Any
    new: Any
    rule: str
    level: Level
    path: str


CASES = [
    Case(
        "a field is gone", struct(("a", int), ("b", int)), struct(("a", int)), "field-removed", BREAKING, "b"
    ),
    Case("an optional field is gone", struct(("b", int, 0)), struct(), "field-removed", BREAKING, "b"),
    Case(
        "a default is gone", struct(("b", int, 0)), struct(("b", int)), "field-made-required", BREAKING, "b"
    ),
    Case("a default came", struct(("b", int)), struct(("b", int, 0)), "field-made-optional", CARE, "b"),
    Case("another default", struct(("b", int, 0)), struct(("b", int, 1)), "default-changed", CARE, "b"),
    Case("a new field", struct(), struct(("b", int)), "required-field-added", BREAKING, "b"),
    Case("a new optional field", struct(), struct(("b", int, 0)), "field-added", FINE, "b"),
    Case("another type", struct(("b", int)), struct(("b", str)), "type-changed", BREAKING, "b"),
    Case("a wider number", struct(("b", int)), struct(("b", float)), "type-changed", BREAKING, "b"),
    Case("another format", struct(("b", str)), struct(("b", UUID)), "type-changed", BREAKING, "b"),
    Case("null comes", struct(("b", int)), struct(("b", int | None)), "type-widened", BREAKING, "b"),
    Case("null goes", struct(("b", int | None)), struct(("b", int)), "type-narrowed", BREAKING, "b"),
    Case("of a list", struct(("b", list[int])), struct(("b", list[str])), "type-changed", BREAKING, "b[]"),
    Case(
        "of a map",
        struct(("b", dict[str, int])),
        struct(("b", dict[str, str])),
        "type-changed",
        BREAKING,
        "b{}",
    ),
    Case("list for one", struct(("b", int)), struct(("b", list[int])), "type-changed", BREAKING, "b"),
    Case(
        "deep inside",
        struct(("b", Inner)),
        struct(("b", InnerWithMore)),
        "required-field-added",
        BREAKING,
        "b.hint",
    ),
    Case(
        "a bound comes",
        struct(("b", int)),
        struct(("b", Annotated[int, msgspec.Meta(ge=1)])),
        "constraint-changed",
        BREAKING,
        "b",
    ),
    Case(
        "an enum value goes",
        struct(("b", enum("on", "off"))),
        struct(("b", enum("on"))),
        "enum-narrowed",
        BREAKING,
        "b",
    ),
    Case(
        "an enum value comes",
        struct(("b", enum("on"))),
        struct(("b", enum("on", "off"))),
        "enum-value-added",
        CARE,
        "b",
    ),
    Case("a tag goes", struct(("b", A | B)), struct(("b", A)), "tag-removed", BREAKING, "b"),
    Case("a tag comes", struct(("b", A)), struct(("b", A | B)), "tag-added", CARE, "b"),
    Case(
        "a tag changes",
        struct(("b", A | B)),
        struct(("b", RENAMED | B)),
        "tag-changed",
        BREAKING,
        "b",
    ),
    Case("a whole union's tag changes", A, RENAMED, "tag-changed", BREAKING, ""),
    Case(
        "within a member",
        struct(("b", A | B)),
        struct(("b", A | struct(("y", str), tag="b", name="B"))),
        "type-changed",
        BREAKING,
        "b<b>.y",
    ),
    Case(
        "an object for a number",
        struct(("b", int)),
        struct(("b", int | A)),
        "type-widened",
        BREAKING,
        "b",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rule(case: Case) -> None:
    (finding,) = found(case.old, case.new)
    assert (finding.rule, finding.level, finding.path) == (case.rule, case.level, case.path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_changed(case: Case) -> None:
    assert found(case.old, case.old) == []
    assert found(case.new, case.new) == []


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("case", [each for each in CASES if each.rule in ("tag-added", "enum-value-added")])
def test_only_a_server_may_meet_an_unknown_tag_without_care(case: Case, kind: Kind) -> None:
    (finding,) = found(case.old, case.new, kind)
    assert finding.level is (FINE if kind is Kind.REQUEST else CARE)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "case", [each for each in CASES if each.level is BREAKING], ids=lambda case: case.name
)
def test_breaking_is_breaking_whatever_carries_it(case: Case, kind: Kind) -> None:
    assert [each.level for each in found(case.old, case.new, kind)] == [BREAKING]


def test_the_name_of_a_class_is_not_on_the_wire() -> None:
    assert found(struct(("b", A)), struct(("b", NAMED_OTHERWISE))) == []


def test_the_order_of_fields_means_nothing() -> None:
    assert found(struct(("a", int), ("b", str)), struct(("b", str), ("a", int))) == []


class Leaf(msgspec.Struct, tag="leaf"):
    value: int


class Branch(msgspec.Struct, tag="branch"):
    left: Tree
    right: Tree


Tree = Leaf | Branch


class NewLeaf(msgspec.Struct, tag="leaf"):
    value: str


class NewBranch(msgspec.Struct, tag="branch"):
    left: NewTree
    right: NewTree


NewTree = NewLeaf | NewBranch


def test_a_recursive_type_is_compared_once() -> None:
    assert found(Branch, Branch) == []
    (finding,) = found(Branch, NewBranch)
    assert (finding.path, finding.rule) == ("<branch>.left<leaf>.value", "type-changed")


def test_the_message_names_message_path_rule_and_remedy() -> None:
    (finding,) = found(struct(("b", Inner)), struct(("b", struct(name="Inner"))))
    text = str(finding)
    assert text.startswith("BREAKING thing.happened.v1: b.code: the field is gone [field-removed]")
    assert "new version" in text
    assert "reelbus docs schemas --accept thing.happened.v1" in text


def test_messages_come_and_go() -> None:
    schemas = {"a.v1": schema_of(WireMessage("a.v1", Kind.EVENT, A))}
    (come,) = review({}, schemas, {"a.v1": Kind.EVENT})
    (gone,) = review(schemas, {}, {})
    assert (come.rule, come.level) == ("message-added", FINE)
    assert (gone.rule, gone.level, gone.message) == ("message-removed", BREAKING, "a.v1")


def test_the_worst_comes_first() -> None:
    old = {name: schema_of(WireMessage(name, Kind.EVENT, struct())) for name in ("a", "b")}
    new = {
        "a": schema_of(WireMessage("a", Kind.EVENT, struct(("x", int, 0)))),
        "b": schema_of(WireMessage("b", Kind.EVENT, struct(("x", int)))),
    }
    assert [each.message for each in review(old, new, dict.fromkeys("ab", Kind.EVENT))] == ["b", "a"]
