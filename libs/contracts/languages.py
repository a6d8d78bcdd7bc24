"""Tags of languages (BCP 47): a code of ISO 639 and, perhaps, a writing and a region (`zh-Hant-TW`). Pure."""

from __future__ import annotations

import re

UNDETERMINED = "und"

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
_LONG = """
    aar:aa abk:ab afr:af aka:ak alb:sq amh:am ara:ar arg:an arm:hy asm:as ava:av ave:ae aym:ay aze:az
    bak:ba bam:bm baq:eu bel:be ben:bn bih:bh bis:bi bod:bo bos:bs bre:br bul:bg bur:my cat:ca ces:cs
    cha:ch che:ce chi:zh chu:cu chv:cv cor:kw cos:co cre:cr cym:cy cze:cs dan:da deu:de div:dv dut:nl
    dzo:dz ell:el eng:en epo:eo est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr fre:fr fry:fy
    ful:ff geo:ka ger:de gla:gd gle:ga glg:gl glv:gv gre:el grn:gn guj:gu hat:ht hau:ha heb:he her:hz
    hin:hi hmo:ho hrv:hr hun:hu hye:hy ibo:ig ice:is ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik
    isl:is ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks kat:ka kau:kr kaz:kk khm:km kik:ki kin:rw kir:ky
    kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la lav:lv lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg
    mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg mlt:mt mon:mn mri:mi msa:ms mya:my nau:na
    nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no nya:ny oci:oc oji:oj ori:or orm:om
    oss:os pan:pa per:fa pli:pi pol:pl por:pt pus:ps que:qu roh:rm ron:ro rum:ro run:rn rus:ru sag:sg
    san:sa sin:si slk:sk slo:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srd:sc
    srp:sr ssw:ss sun:su swa:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg tgl:tl tha:th tib:bo tir:ti
    ton:to tsn:tn tso:ts tuk:tk tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz ven:ve vie:vi vol:vo wel:cy
    wln:wa wol:wo xho:xh yid:yi yor:yo zha:za zho:zh zul:zu
"""
"""Codes of ISO 639-2 (also of libraries, such as `ger`) and the two letters that ISO 639-1 has for them, of
the table of the Library of Congress (loc.gov/standards/iso639-2), as Debian's iso-codes has it."""
_OLD = "iw:he in:id ji:yi jw:jv mo:ro mol:ro scc:sr scr:hr cmn:zh"
"""Withdrawn codes; and Mandarin, which everybody calls Chinese."""
_USUAL = dict(pair.split(":") for pair in f"{_LONG} {_OLD}".split())
_KNOWN = """
    af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr
    ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc
    pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue
    zh
"""
"""What models of the Whisper family that know several languages know, by their own names; `yue` only those
since large-v3."""
_WHISPERS = frozenset(_KNOWN.split())
_WHISPERS_OWN = {"jv": "jw", "nb": "no", "fil": "tl"}
"""What they call languages that have another code."""


def tag_of(text: str) -> str:
    """A tag as it is usually written: `ZH_hant_tw` is `zh-Hant-TW`, `ger` is `de`. `und` for what is none."""
    whole = text.strip().lower().replace("_", "-")
    if not _TAG.fullmatch(whole):
        return UNDETERMINED
    language, *others = whole.split("-")
    return "-".join([_USUAL.get(language, language), *map(_cased, others)])


def code_of(text: str) -> str:
    """The language of a tag by its shortest code: `zh` of `zh-Hant-TW`. `und` for what is no tag."""
    return tag_of(text).split("-")[0]


def whispers_name(text: str) -> str:
    """What Whisper calls the language of a tag, if it knows it."""
    language = code_of(text)
    return _WHISPERS_OWN.get(language, language)


def recognised(text: str) -> bool:
    """Whether there is a model that recognises speech in the language of a tag."""
    return whispers_name(text) in _WHISPERS


def _cased(part: str) -> str:
    """Writings have four letters, regions two letters or three digits."""
    if len(part) == 4 and part.isalpha():
        return part.title()
    return part.upper() if len(part) == 2 else part
