"""nDCG and recall at ten documents, with intervals of their differences."""

import math

import numpy

DEPTH = 10
RESAMPLES = 10_000


def ndcg(ranking, relevant):
    """Järvelin and Kekäläinen's normalised discounted cumulative gain with gains of 0 and 1, discounted by the binary logarithm of rank + 1."""
    gain = sum(1 / math.log2(rank + 2) for rank, path in enumerate(ranking[:DEPTH]) if path in relevant)
    ideal = sum(1 / math.log2(rank + 2) for rank in range(min(len(relevant), DEPTH)))
    return gain / ideal


def recall(ranking, relevant):
    return len(relevant.intersection(ranking[:DEPTH])) / len(relevant)


def interval(differences):
    """The middle 95 % of the means of resamples, drawn with replacement (paired bootstrap, percentile method)."""
    generator = numpy.random.default_rng(1)
    draws = generator.integers(0, len(differences), (RESAMPLES, len(differences)))
    low, high = numpy.percentile(differences[draws].mean(axis=1), [2.5, 97.5])
    return low, high


def print_table(questions, rankings, ours):
    halves = {"all": [True] * len(questions)}
    if not all(question.held_out for question in questions):
        halves["held out"] = [question.held_out for question in questions]
    for half, chosen in halves.items():
        chosen = numpy.array(chosen)
        values = {
            name: [
                numpy.array([measure(found, question.documents) for question, found in zip(questions, ranking, strict=True)])[chosen]
                for measure in (ndcg, recall)
            ]
            for name, ranking in rankings.items()
        }
        print(f"\n{half}, {chosen.sum()} questions\n")
        print("| | nDCG@10 | recall@10 | Virgil is better in nDCG@10 by | in recall@10 by |")
        print("|---|---|---|---|---|")
        for name, measured in values.items():
            cells = [f"{value.mean():.3f}" for value in measured]
            if name == ours:
                cells += ["", ""]
            else:
                for our, their in zip(values[ours], measured, strict=True):
                    low, high = interval(our - their)
                    cells.append(f"{(our - their).mean():+.3f} ({low:+.3f} to {high:+.3f})")
            print(f"| {name} | {' | '.join(cells)} |")
