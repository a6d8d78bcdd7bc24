"""When two graphs are the same work."""

from __future__ import annotations

import msgspec

from libs.contracts.graph import (
    AudioEncoding,
    AudioMix,
    Concat,
    Fit,
    Loudness,
    LoudnessMeasure,
    Node,
    Overlay,
    Rate,
    Sound,
    Speed,
    Subtitles,
    Trim,
)
from libs.contracts.tasks import MetadataTask, RenderTask
from libs.media.graph import canonical, fingerprint
from tests.media.building import REF, audio, filtered, info, output, source, step

UNSHARP = step("unsharp", luma_amount=0.5)
MOVED = msgspec.structs.replace(REF, key="elsewhere/in.mp4")
OTHER = msgspec.structs.replace(REF, sha256="cd" * 32)
MUSIC = source(info=info(video=None, audio=[audio(0, "mp3")]), object=OTHER)
FOUND = LoudnessMeasure(integrated=-20.0, true_peak=-1.0, range=3.0, threshold=-30.0, offset=0.0)


def test_the_same_work_on_the_same_bytes_has_one_name() -> None:
    name = canonical(output(filtered(UNSHARP)))
    assert canonical(output(filtered(UNSHARP, of=source(object=MOVED)))) == name
    assert canonical(output(filtered(UNSHARP, of=source(info=info(duration=9.99))))) == name
    assert canonical(output(filtered(UNSHARP), notes=["Told to the user."])) == name
    assert canonical(output(filtered(UNSHARP, step("null"), of=filtered(of=source(start=0.0))))) == name


def test_equal_trees_have_one_name() -> None:
    cut = source(start=1.0, end=2.0)
    fitted = Fit(input=cut, width=64, height=64)
    pairs: list[tuple[Node, Node]] = [
        (Trim(input=source(), start=1.0, end=2.0), cut),
        (Trim(input=Trim(input=source(), end=2.0), start=1.0, end=9.0), cut),
        (Trim(input=Fit(input=source(), width=64, height=64), start=1, end=2.0000000004), fitted),
        (Concat(inputs=[cut]), cut),
        (Concat(inputs=[Concat(inputs=[cut, source()]), cut]), Concat(inputs=[cut, source(), cut])),
        (Speed(input=cut, factor=1.0), cut),
        (Rate(input=Rate(input=cut, rate="50/2"), rate="25/1"), Rate(input=cut, rate="25")),
        (Fit(input=fitted, width=64, height=64, mode="crop"), fitted),
        (AudioMix(input=cut, sounds=[]), cut),
        (Subtitles(input=cut, file=REF), Subtitles(input=cut, file=MOVED)),
        (Overlay(input=cut, layer=source()), Overlay(input=cut, layer=source(object=MOVED), x=0)),
    ]
    for one, other in pairs:
        assert canonical(output(one)) == canonical(output(other))


def test_other_nodes_have_other_names() -> None:
    cut = source(start=1.0, end=2.0)
    graphs = [
        output(cut),
        output(cut, keep=True),
        output(Trim(input=cut, start=0.5)),
        output(Concat(inputs=[cut, source()])),
        output(Concat(inputs=[source(), cut])),
        *[output(Fit(input=cut, width=64, height=64, mode=mode)) for mode in ("pad", "crop")],
        *[output(Rate(input=cut, rate=rate)) for rate in ("25", "30000/1001")],
        *[output(Speed(input=cut, factor=factor)) for factor in (2.0, 0.5)],
        *[output(Overlay(input=cut, layer=source(), start=start)) for start in (0.0, 1.0)],
        output(Overlay(input=source(), layer=cut)),
        *[output(Subtitles(input=cut, file=file)) for file in (REF, OTHER)],
        *[output(AudioMix(input=cut, sounds=[], gain=gain)) for gain in (None, 3.0)],
        *[output(AudioMix(input=cut, sounds=[Sound(input=MUSIC, gain=gain)])) for gain in (0.0, 3.0)],
        output(Loudness(input=cut)),
        output(Loudness(input=cut, measured=FOUND)),
    ]
    assert len({canonical(graph) for graph in graphs}) == len(graphs)


def test_other_work_has_another_name() -> None:
    graphs = [
        output(filtered(UNSHARP)),
        output(filtered(UNSHARP, of=source(object=OTHER))),
        output(filtered(UNSHARP, of=source(start=1.0))),
        output(filtered(UNSHARP, UNSHARP)),
        output(filtered(UNSHARP), container="mov"),
        output(filtered(UNSHARP), audio=[AudioEncoding(index=1, encoder="copy")]),
        output(filtered(step("unsharp", luma_amount=0.6))),
    ]
    assert len({canonical(graph) for graph in graphs}) == len(graphs)


def test_equal_numbers_and_the_order_of_options_do_not_count() -> None:
    one = filtered(step("unsharp", luma_amount=1, luma_msize_x=5))
    other = filtered(step("unsharp", luma_msize_x=5, luma_amount=1.0))
    assert canonical(output(one)) == canonical(output(other))


def test_a_fingerprint_is_of_the_task_its_source_and_the_engine() -> None:
    render = RenderTask(graph=output(filtered(UNSHARP)), file_name="a.mp4")
    metadata = MetadataTask(source=REF, info=info())
    names = [
        fingerprint(render),
        fingerprint(metadata),
        fingerprint(render, "0"),
        fingerprint(msgspec.structs.replace(metadata, source=OTHER)),
    ]
    assert len(set(names)) == 4
    assert all(len(name) == 64 and int(name, 16) for name in names)
    assert fingerprint(msgspec.structs.replace(render, file_name="b.mp4")) == names[0]
    assert fingerprint(msgspec.structs.replace(metadata, source=MOVED)) == names[1]
