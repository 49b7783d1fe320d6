"""The configuration as tables of the warehouse, so that analytics join teams, services and prices like any fact.

Written as a whole in one transaction each time a command that collects or analyses starts; the file stays the truth.
Everything here is pure but `store_inventory`; each topic is a file:

    owners       teams, namespaces, labels          offers       prices as written, a node's split among its parts
    services     and how they are recognised        price_book   ... resolved to disjoint spans, with what is wrong
    budgets      and their thresholds               currency     rates by day
    allocation   policy and shared pools            commitments  fees spread over their term
    slos         objectives and their indicators    timeline     spans of time: cut, joined, resolved
    settings     all else
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import polars as pl

from meterline.alerting.rules import rules_of
from meterline.config.model import Config
from meterline.inventory import (
    alert_rules,
    allocation,
    boundaries,
    budgets,
    commitments,
    owners,
    price_book,
    services,
    settings,
    slos,
)
from meterline.inventory.currency import Rates
from meterline.inventory.problem import problem_frame
from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError

__all__ = ["inventory", "store_inventory"]


def store_inventory(warehouse: Warehouse, config: Config) -> None:
    """Put what `config` says in place of the inventory tables (see warehouse/migrations, 0003 to 0005).

    Raises ConfigurationError when months are closed in another currency: their corrections would mix two.
    """
    currency = config.report.currency
    with warehouse.transaction() as tx:
        other = tx.query("SELECT DISTINCT currency FROM closed_month WHERE currency <> $now", {"now": currency})
        for closed in other["currency"]:
            raise ConfigurationError(
                f"report.currency is {currency}, but months are closed in {closed}",
                f"keep {closed}, or let another `data` directory begin in {currency}",
            )
        for table, frame in inventory(config).items():
            tx.replace_all(table, frame)


def inventory(config: Config) -> dict[str, pl.DataFrame]:
    """The inventory tables by name."""
    pools = config.allocation.shared
    rates = Rates(config.prices.rate_rows, config.report.currency)
    prices, wrong_prices = price_book.price_book(config.prices, rates)
    bought, wrong_commitments = commitments.commitment_rows(config.prices.commitments, rates)
    charges, wrong_charges = allocation.shared_charges(pools, ZoneInfo(config.report.timezone))
    return {
        "team": owners.team_frame(config.teams),
        "namespace_owner": owners.namespace_owner_frame(config.teams),
        "label_owner": owners.label_owner_frame(config.teams),
        "service": services.service_frame(config.services),
        "service_match": services.service_match_frame(config.services),
        "price": price_book.price_frame(prices),
        "commitment": commitments.commitment_frame(bought),
        "price_problem": problem_frame([*wrong_prices, *wrong_commitments, *wrong_charges]),
        "cost_boundary": boundaries.boundary_frame(config, prices, bought),
        "currency_rate": settings.currency_rate_frame(config.prices.rate_rows),
        "allocation_policy": allocation.policy_frame(config.allocation),
        "shared_pool": allocation.shared_pool_frame(pools),
        "shared_namespace": allocation.shared_namespace_frame(pools),
        "shared_weight": allocation.shared_weight_frame(pools),
        "shared_charge": allocation.shared_charge_frame(charges),
        "budget": budgets.budget_frame(config.teams, config.services),
        "budget_threshold": budgets.budget_threshold_frame(config.teams, config.services),
        "billing_sku": settings.billing_sku_frame(config.billing),
        "cluster_region": settings.cluster_region_frame(config.clusters),
        "token_weight": settings.token_weight_frame(config.unit_cost.token_weights),
        "report_setting": settings.report_frame(config.report),
        "alert_rule": alert_rules.alert_rule_frame(rules_of(config), config.slos.objectives),
        "configured_source": settings.source_frame(
            config.sources, config.slos.indicators, alerting=config.alerting is not None
        ),
        "slo_objective": slos.objective_frame(config.slos.objectives),
        "slo_burn_rule": slos.burn_rule_frame(config.slos.objectives),
        "sli_indicator": slos.indicator_frame(config.slos.indicators),
    }
