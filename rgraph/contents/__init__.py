"""What is really in an image: what package managers have written down there, against what manifests say."""
