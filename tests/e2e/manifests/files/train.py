"""Single-node training test: fits a line by gradient descent and fails if it does not."""

import platform

POINTS = [(x / 10, 3.0 * x / 10 + 1.0) for x in range(50)]


def fit(points: list[tuple[float, float]], rate: float = 0.05, rounds: int = 4000) -> tuple[float, float]:
    """Slope and intercept of the line through the points."""
    slope = intercept = 0.0
    for _ in range(rounds):
        errors = [(slope * x + intercept - y, x) for x, y in points]
        slope -= rate * 2 * sum(error * x for error, x in errors) / len(points)
        intercept -= rate * 2 * sum(error for error, _ in errors) / len(points)
    return slope, intercept


slope, intercept = fit(POINTS)
print(f"Python {platform.python_version()}: y = {slope:.3f} x + {intercept:.3f}")
assert abs(slope - 3) < 0.01 and abs(intercept - 1) < 0.01, "training did not converge"
