"""rgraph: a compiler for a catalogue of container images.

The data flow, and where each part of it lives (each room imports only those above it):

    manifests/  --files.reader-->  plain data
                --manifest-->      Layer, External, Recipe, ... as written
                --catalog-->       all of them by name
                --resolve-->       Image: every row of every matrix, every step (steps/), every edge
                --fingerprint-->   a hash of all that goes into an image
                --plan-->          what to build, reuse or retag, against the ledger
                --render-->        texts of generated files
                --files.writer-->  generated/
                --audit-->         findings, of the same images, on a day, with advisories

`errors`, `names`, `versions`, `expressions` are what everything stands on; `ecosystems` compares versions,
`licenses` reads licence expressions; `graph` orders, `selection` chooses, `inventory` counts components,
`attribution` knows which licence texts they need, `provenance` where they come from, `advisories` whether
they are affected; `schema` documents the language.

`comparison` tells why two catalogues differ, `release` what a release holds and what its notes may say,
`bumping` which bytes hold a version, `outdated` what an index (`indexes`) has newer, `locking` what the lock
lacks, `due` what is to be built again, `promotion` what a release lacks at its registry, `builds` what a
build decides, `trials` which tests an image has and how they came out, `contents` what is really in it.
`engines` asks git, registries, indexes, and the programs that build.

`importing` makes manifests from Dockerfiles that are there already (its own map is there).

The use cases, one function for each command: `app`, `history` (git), `building` (engines), `releasing`,
`testing` and `verifying` (what was built), `promoting` and `relocking` (registries), `upkeep` (versions),
`publishing` (the public copy), `importer` (imports). `cli` shows what they give.
"""

__version__ = "0.1.0"
