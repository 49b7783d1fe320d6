"""Alerts as a running thing: what joins rules, routing and delivery with the warehouse, the clock and people.

    signals    what rules are evaluated over: published results, burn rates of objectives
    pulse      every half minute: indicators -> rules -> the log; now and then what is slower
    station    the threads of the service: pulse, dispatch, couriers; reload, clock jumps, stop
    rules      which rules are in force
    routing    which routing is
    posted     alerts as others post them, Alertmanager's API v2
    links      signed links in messages: acknowledge, judge
    silencing  silences from words, as amtool takes them

The decisions are in `alerts`, the storage in `warehouse.alert_log`; nothing here decides whether a page goes out.
"""
