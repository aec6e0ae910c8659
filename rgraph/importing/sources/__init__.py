"""What other sources than a folder of Dockerfiles say is built: texts in, images out.

rocker_stacks   the stacks of rocker-versioned2: JSON that its Dockerfiles are written from
imagebuilder    the manifest of .NET's ImageBuilder
library         the files of Docker's official images
bake            bake files of `docker buildx`, in HCL (`hcl`, `values`, `functions`) or JSON

Nothing of a source is run, and nothing is fetched.
"""
