"""Makes the drift report of churn-predictor with Evidently: the training table of October against that of November.

In November the sessions are fewer (a consent banner came with the new storefront), which is what the report finds.
"""

import json
import pathlib
import sys

import numpy
import pandas
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from fixed import write_json


def rows(seed, sessions):
    numbers = numpy.random.default_rng(seed)
    return pandas.DataFrame(
        {
            "orders_90d": numbers.poisson(1.5, 2000),
            "spend_90d": numbers.gamma(2.0, 60.0, 2000).round(2),
            "days_since_last_order": numbers.integers(0, 200, 2000),
            "return_rate": numbers.random(2000).round(3),
            "sessions_30d": numbers.poisson(sessions, 2000),
        }
    )


def main(root, scratch):
    definition = DataDefinition(numerical_columns=list(rows(1, 4).columns))
    october = Dataset.from_pandas(rows(10, sessions=4), data_definition=definition)
    november = Dataset.from_pandas(rows(11, sessions=2.6), data_definition=definition)
    snapshot = Report([DataDriftPreset()], include_tests=True).run(current_data=november, reference_data=october)
    write_json(root / "ml-growth/churn/reports/drift-2026-11-16.json", json.loads(snapshot.json()), indent=1)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
