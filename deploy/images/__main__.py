"""`python -m deploy.images`: build, look into, and try the images. `--write` keeps the table of sizes."""

from __future__ import annotations

import argparse
import sys
import time

from deploy.images.build import build
from deploy.images.contents import look_into
from deploy.images.names import NAMES, ImageError
from deploy.images.sizes import Figures, measure, write
from deploy.images.trial import trial


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.images", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="images to build (all)")
    parser.add_argument("--no-build", action="store_true", help="take the images that are there")
    parser.add_argument("--no-trial", action="store_true", help="build and look into them only")
    parser.add_argument("--write", action="store_true", help="write the figures to docs/operations/images.md")
    wish = parser.parse_args()
    names = wish.names or list(NAMES)
    try:
        took = {} if wish.no_build else build(names)
        for name in names:
            look_into(name)
        figures = measure(names)
        for each in figures:
            print(f"{each.name:<10} {each.size / 1e6:7.0f} MB, {each.compressed / 1e6:5.0f} MB compressed")
        begun = time.monotonic()
        if not wish.no_trial:
            trial()
        if wish.write:
            write(Figures(figures, took, None if wish.no_trial else time.monotonic() - begun))
    except ImageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
