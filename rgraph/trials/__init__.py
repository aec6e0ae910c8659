"""Tests of built images, as values: what is to run, whether what came out is well, reports of it."""
