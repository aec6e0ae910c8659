# Run in the finished image by a test. Files here can also go into images, with the step `copy`.
stopifnot(l10n_info()[["UTF-8"]], getRversion() == "4.2.2")
cat("hello from", R.version.string, "\n")
