"""What each tenant of a service bears: its share of the service's tokens, or of its requests where tokens name nobody.

The shares of all tenants and of what carries no tenant label add up to 1, so their costs add up to the service's.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from analytics.economics.unit_price import Tokens, weight_of


def tokens_of(counts: Mapping[str, Any]) -> Tokens:
    """The token counts of a row with tokens_in, tokens_out and tokens_cached."""
    return Tokens(counts["tokens_in"], counts["tokens_out"], counts["tokens_cached"])


def tenant_shares(
    counts: Mapping[str | None, Mapping[str, Any]], weights: Mapping[str, Fraction]
) -> dict[str | None, Fraction]:
    """Share of the service's cost by tenant; the key None is what carries no tenant label.

    `counts`: whole numbers (requests_all, tokens_in, tokens_out, tokens_cached) by tenant. Weighted tokens decide where
    a tenant has any, else requests. Empty where no tenant is named or nothing was counted.
    """
    by_tokens = {tenant: weight_of(tokens_of(one), weights) for tenant, one in counts.items()}
    by_requests = {tenant: Fraction(one["requests_all"] or 0) for tenant, one in counts.items()}
    for basis in (by_tokens, by_requests):
        if any(weight for tenant, weight in basis.items() if tenant is not None):
            whole = sum(basis.values(), Fraction(0))
            return {tenant: weight / whole for tenant, weight in basis.items() if weight or tenant is not None}
    return {}
