"""What several rounds say together."""
import random
import statistics

RESAMPLES = 10_000


def interval(ratios):
    """The median and the bounds that hold it with 95 %, by resampling."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    return statistics.median(ratios), medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)]


def shown(ratios):
    return "{:.2f} ({:.2f} to {:.2f})".format(*interval(ratios))
