-- rollup -> pod_label: the labels of a pod where it is first seen in an hour, and where they change within one.
--
-- A row holds until the next one of its pod, at most to the end of its hour. One that only repeats what an earlier window
-- said of the same hour is left out: windows may be minutes long.
WITH bucket AS (  -- of two statements about one bucket, that which held longer
    SELECT cluster, namespace, pod, ts, date_trunc('hour', ts) AS hour, labels
    FROM rollup
    WHERE measure = 'pod_label' AND labels <> '{}' AND namespace IS NOT NULL AND pod IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY cluster, namespace, pod, ts ORDER BY covered_s DESC, labels) = 1
),
stated AS (
    SELECT cluster, namespace, pod, ts, hour, labels,
           lag(labels) OVER (PARTITION BY cluster, namespace, pod, hour ORDER BY ts) AS before
    FROM bucket
),
known AS (
    SELECT pod_label.cluster, pod_label.namespace, pod_label.pod, date_trunc('hour', span.start) AS hour,
           max_by(pod_label.labels, pod_label.ts) AS labels
    FROM pod_label
    JOIN span ON pod_label.source = span.source AND pod_label.profile = span.profile
    WHERE pod_label.ts >= date_trunc('hour', span.start) AND pod_label.ts < span.start
    GROUP BY ALL
)
SELECT stated.cluster, stated.namespace, stated.pod, stated.ts, stated.labels
FROM stated
LEFT JOIN known
    ON known.cluster IS NOT DISTINCT FROM stated.cluster AND known.namespace = stated.namespace
    AND known.pod = stated.pod AND known.hour = stated.hour
WHERE coalesce(stated.before, known.labels) IS DISTINCT FROM stated.labels
