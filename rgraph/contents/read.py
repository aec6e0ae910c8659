"""What is in an image, from the files that were gathered there."""

from __future__ import annotations

from rgraph.contents.conda import conda_owners, conda_packages
from rgraph.contents.dpkg import deb_owners, debs, distribution_of, provided
from rgraph.contents.files import Files, without_caches
from rgraph.contents.installed import Contents, harmless, with_owners
from rgraph.contents.python import python_packages
from rgraph.contents.r import r_packages


def contents_of(files: Files) -> Contents:
    """All packages, each at each place where it is, in order of the ecosystems, then of names.

    Packages of Python and R that came in a deb or a conda package have that one as their owner.
    """
    files = without_caches(files)
    plain = [*python_packages(files), *r_packages(files)]
    paths = {each.path for each in plain}
    owners = {**deb_owners(files, paths), **conda_owners(files, paths)}
    found = [*debs(files), *conda_packages(files), *with_owners(plain, owners)]
    found.sort(key=lambda each: (each.component.type, each.name.lower(), each.name, each.version, each.path))
    return Contents(harmless(found), distribution_of(files), provided(files))
