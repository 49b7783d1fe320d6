"""Service level objectives from OpenSLO v1 files: read, judged by named rules, resolved, exported.

What is where, in the order of the data:

    files       text -> objects with their lines        rules     what is refused, each rule with its name
    kinds       the seven kinds (metadata, duration,    annotations   what we add to OpenSLO, as annotations
                sli, alerting and slo are their parts)  library   objects by kind and name: references
    sources     where an indicator's events come from   burn_alerts   which burn rates alert
    indicators  what is counted, under which name       objectives    an SLO -> objectives
    problems    how an error is told                    load      all of it: patterns -> `Slos`
    slos        what comes out                          document  ... back as OpenSLO v1
    promql      an indicator as PromQL                  prometheus_rules   recording and alerting rules
    template    SLOs for LLM serving, from templates/*.yaml
"""
