"""Import: manifests from what is there already, and the proof that nothing was lost.

The data flow, and where each part of it lives:

    texts by path   --parsing-->       ParsedFile, or Problems with file and line
    sources         -------->          SourceImage: what a source says is built
    both            --edges-->         Reference of every FROM, COPY --from and RUN --mount=from
    instructions    --typing-->        Step: plain data of the manifest language, proved by `equivalence`
    images          --lifting, folding, manifests-->  documents, then texts of manifests
    the catalogue   --verification-->  regenerated, and compared instruction by instruction
    all of it       --report-->        what was found

Nothing in an imported file is ever run.
"""
