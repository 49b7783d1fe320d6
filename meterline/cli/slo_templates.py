"""`meterline slo template`: an SLO for LLM serving as an OpenSLO file, to be saved and edited."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", metavar="NAME", required=False)
@click.option("--service", metavar="NAME", help="The service, as the configuration names it.")
@click.option("--from", "flavour", default="facts", show_default=True, metavar="WHAT",
              help="Measured from our own facts, or by PromQL: facts, vllm, istio.")  # fmt: skip
@click.option("--model", metavar="NAME", help="Only this model of a runtime, as it names it; all of them if absent.")
@click.option("--target", metavar="PERCENT", help="Such as 99.5.")
@click.option("--threshold", metavar="TIME", help="Such as 500ms or 2s, where the template has one.")
@click.option("--window", metavar="DURATION", help="Such as 28d; rolling.")
@click.option("--source", metavar="NAME", help="The Prometheus source; needless where there is one.")
@click.option("--runbook-url", metavar="URL", help="What to do when it pages.")
def template(
    name: str | None,
    service: str | None,
    flavour: str,
    model: str | None,
    target: str | None,
    threshold: str | None,
    window: str | None,
    source: str | None,
    runbook_url: str | None,
) -> int:
    """Print an SLO for LLM serving as OpenSLO v1.

    Without NAME, the templates there are.
    """
    from meterline.openslo.template import Wanted, render, templates
    from meterline.output import print_table
    from warehouse.errors import ConfigurationError

    known = templates()
    if name is None:
        rows = [
            {"template": key, "counts": one.title, "threshold": one.threshold, "target": f"{one.target} %",
             "from": list(one.indicators)}
            for key, one in known.items()
        ]  # fmt: skip
        print_table(rows, ("template", "counts", "threshold", "target", "from"))
        return 0
    if name not in known:
        raise ConfigurationError(f"there is no template {name}", f"choose among {', '.join(known)}")
    if not service:
        raise ConfigurationError("--service is not given", "name the service that the objective is for")
    wanted = Wanted(service, flavour, model, target, threshold, window, source, runbook_url)
    click.echo(render(name, wanted), nl=False)
    return 0
