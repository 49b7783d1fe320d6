"""Every rule by which an OpenSLO file is refused: its name and what it says.

A name stands in the message, in docs/slos.md and in the tests, and does not change. Validators raise `broken(name)`;
pydantic's own errors are mapped to `type`, `required-key` and `unknown-key`.
"""

from __future__ import annotations

from pydantic_core import PydanticCustomError

RULES = {
    # the file and its objects
    "readable": "expected a file of OpenSLO objects that can be read: UTF-8, YAML or JSON",
    "object": "expected a mapping with apiVersion, kind, metadata and spec",
    "written-once": "expected each key once",
    "api-version": "expected apiVersion openslo/v1",
    "v1alpha":
        "expected apiVersion openslo/v1: v1alpha has timeWindows and ratioMetrics. To convert: timeWindows "
        "[{count: 30, unit: Day}] becomes timeWindow [{duration: 30d, isRolling: true}], the ratioMetrics of an "
        "objective become indicator.spec.ratioMetric with counter, good (or bad) and total, and each query goes "
        "below metricSource.spec",
    "kind": "expected one of Service, SLI, SLO, DataSource, AlertPolicy, AlertCondition, AlertNotificationTarget",
    "required-key": "expected this key",
    "unknown-key": "expected a key of OpenSLO v1",
    "type": "expected a value of the right type",
    "unique-name": "expected a name that no other object of this kind has",
    "reference": "expected the name of an object in these files",
    # metadata
    "name-length": "expected a name of at most 63 characters",
    "name-characters": "expected a DNS label: a-z, 0-9 and -, first and last a letter or digit",
    "display-name": "expected a displayName of at most 63 characters",
    "description": "expected a description of at most 1050 characters",
    "label-key": "expected a label's key of at most 63 letters, digits, -, _ and ., first and last a letter or digit",
    "annotation-key": "expected an annotation's key such as meterline.dev/owner",
    "annotation": "expected an annotation of ours, with a value that it takes",
    # the time window
    "one-time-window": "expected exactly one time window",
    "duration": "expected a duration [0-9]+[mhdwMQY] above zero, such as 28d or 1M",
    "calendar-required":
        "calendar required when not rolling: expected calendar with startTime and timeZone, or isRolling: true",
    "calendar-forbidden": "calendar forbidden when rolling: expected one of the two",
    "calendar-unit": "expected a calendar window in d, w, M, Q or Y",
    "start-time": "expected the format YYYY-MM-DD hh:mm:ss, no T, no zone",
    "time-zone": "expected an IANA zone such as Europe/Berlin",
    # objectives
    "budgeting-method": "expected Occurrences, Timeslices or RatioTimeslices",
    "one-objective": "expected at least one objective",
    "composite":
        "expected no indicator, indicatorRef or compositeWeight here: composite SLOs are not supported. Write one "
        "SLO for each part, or one indicator whose good and total count the parts together",
    "target-once": "expected one of target/targetPercent",
    "target-range": "expected target < 1.0 and >= 0 (targetPercent < 100)",
    "target-digits": "expected at most 12 decimals in a target",
    "time-slices": "timeSliceTarget and timeSliceWindow required with Timeslices",
    "ratio-time-slices": "timeSliceWindow required with RatioTimeslices",
    "time-slice-target": "expected timeSliceTarget above 0 and at most 1",
    "time-slice-grain":
        "expected a timeSliceWindow that is a multiple of the time for which the indicator has counts",
    "unique-objective": "expected objectives with different names: give each a displayName",
    # the indicator
    "indicator": "expected indicator or indicatorRef",
    "indicator-once": "expected only one of indicator and indicatorRef",
    "threshold-or-ratio": "expected exactly one of thresholdMetric and ratioMetric",
    "total-or-raw": "expected exactly one of total and raw",
    "good-or-bad": "good xor bad: expected exactly one of them, with total",
    "raw-type": "expected rawType success or failure with raw, and only there",
    "ratio-without-op": "op/value forbidden with an inlined ratioMetric: they are for a thresholdMetric",
    "threshold-with-op": "expected op and value: the indicator is a thresholdMetric",
    "metric-source":
        "expected metricSource with type Prometheus and spec {query}, or type Meterline and spec {metric} or "
        "{query}",
    "one-source": "expected good, bad and total from one source",
    "prometheus-source": "expected a source of type prometheus in the configuration",
    "meterline-metric":
        "expected type Meterline in ratioMetric.raw with rawType success, and a metric that we make of facts",
    "meterline-query": "expected one SELECT of ts, good and total over fact tables",
    # alerting
    "alert-policy": "expected alertPolicyRef, or kind AlertPolicy with metadata and spec",
    "one-condition": "expected exactly one condition in an AlertPolicy",
    "alert-condition": "expected conditionRef, or kind AlertCondition with metadata and spec",
    "notification-target":
        "expected at least one notification target: targetRef, or kind AlertNotificationTarget with metadata and "
        "spec",
    "burn-window": "expected a time window of 30m or more, or the annotation meterline.dev/burn-alerts: off",
}  # fmt: skip


def broken(rule: str, text: str | None = None) -> PydanticCustomError:
    """The error of a validator that found `rule` broken; `text` says it more closely than the rule's own."""
    return PydanticCustomError(rule, "{text}", {"text": text or RULES[rule]})
