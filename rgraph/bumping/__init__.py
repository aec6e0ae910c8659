"""Another version of a component, in every manifest that pins it.

`meant.py` and `target.py` say which component is meant and which images pin it; `rows.py` and
`written.py` trace a value to where it is written; `leaves.py` and `around.py` say what must change in one
step; `trace.py` walks from an image to its pins; `external.py` is about the tag of an External.
`spliced.py`, `part.py` and `compare.py` judge the catalogue after the edits, from the cheapest look to the
whole; `bump.py` joins them. All of it is values: who calls it gives the edited documents, and writes files.
"""

from rgraph.bumping.bump import Judged, Planned, Wish, judge, plan, reached
from rgraph.bumping.interface import Edit, Left, Refusal

__all__ = ["Edit", "Judged", "Left", "Planned", "Refusal", "Wish", "judge", "plan", "reached"]
