"""What several rounds say together."""
import math
import statistics

FEWEST = 6  # Of fewer, not even the smallest and the largest hold the median with 95 %.


def interval(ratios):
    """The median and the nearest two of the ratios that hold the true one with 95 % at least, whatever the ratios'
    distribution: each of them is above it or below it by chance alone (the sign test's interval)."""
    ordered, count = sorted(ratios), len(ratios)
    outside, missed = 0, 2 * 0.5**count  # chance that it lies outside of ordered[outside] to ordered[-1 - outside]
    while (further := missed + 2 * math.comb(count, outside + 1) * 0.5**count) <= 0.05:
        outside, missed = outside + 1, further
    return statistics.median(ratios), ordered[outside], ordered[-1 - outside]


def shown(ratios):
    """With the interval, or each round by itself where there are too few for one."""
    if len(ratios) < FEWEST:
        rounds = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        return f"{statistics.median(ratios):.2f} (rounds: {rounds})"
    return "{:.2f} ({:.2f} to {:.2f})".format(*interval(ratios))
