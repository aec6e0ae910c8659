# Training test for R: fits a line and fails if it does not.
points <- data.frame(x = seq(0, 5, by = 0.1))
points$y <- 3 * points$x + 1
model <- lm(y ~ x, data = points)
print(R.version.string)
print(coef(model))
stopifnot(all.equal(unname(coef(model)), c(1, 3)))
