"""generated/README.md: all images in one table."""

from __future__ import annotations

from rgraph.image import Image
from rgraph.render.templating import cell, template
from rgraph.render.view import View

_MOST = 6
"""Versions that a row shows."""
_HEADLINE = ("conda", "pypi", "generic", "github", "cran", "bioconductor", "deb")
"""Types of components, those that people choose an image by first."""


def catalogue_readme(view: View) -> str:
    """The catalogue's README."""
    settings = view.catalog.settings
    resolved = view.resolved
    return (
        template("catalogue.md.j2").render(
            name=settings.name,
            description=settings.description.strip(),
            count=len(resolved.images),
            waves=max(resolved.level.values(), default=0),
            rows=[_row(view, image) for image in resolved.images.values()],
        )
        + "\n"
    )


def _row(view: View, image: Image) -> str:
    built_on = image.parent.to if not image.parent.external else view.reference(image.parent.to)
    tags = "<br>".join(f"`{view.address(image)}:{tag}`" for tag in view.tags(image))
    return " | ".join(
        (
            f"[{image.id}]({image.folder}/README.md)",
            f"`{cell(built_on)}`",
            cell(", ".join(_versions(view, image))),
            tags,
        )
    )


def _versions(view: View, image: Image) -> list[str]:
    """What the image has beside its parent: its own versioned components, the telling ones first."""
    own = [each for each in view.inventory.own(image.id) if each.component.version and not each.transitive]
    own.sort(
        key=lambda each: _HEADLINE.index(each.component.type) if each.component.type in _HEADLINE else 99
    )
    shown = [f"{each.name} {each.component.version}" for each in own[:_MOST]]
    return [*shown, f"and {len(own) - _MOST} more"] if len(own) > _MOST else shown
