"""What a build decides, as values: names, labels, contexts, what is ready, what became of each image."""
