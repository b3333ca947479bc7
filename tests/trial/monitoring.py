"""A real Prometheus and a real Alertmanager, with the files of deploy/monitoring."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import yaml

from apps.webhooks.demo.processes import free_port, is_listening
from tests.deployment import DEPLOY
from tests.trial.programs import Programs, program, run, until

MONITORING: Final = DEPLOY / "monitoring"
SECONDS: Final = 5


class Monitoring:
    """The two, and questions to them. `wait`: how long alerts wait, None as shipped."""

    def __init__(
        self, programs: Programs, ports: dict[str, int], token: Path, wait: str | None
    ) -> None:
        self._folder = programs.folder
        self._ports = ports
        self._token = token
        self._wait = wait
        self.prometheus = f"http://127.0.0.1:{free_port(0)}"
        self.alertmanager = f"http://127.0.0.1:{free_port(0)}"

    def start(self, programs: Programs) -> None:
        """Check the files with promtool, start both, and wait until they listen."""
        rules, config = self._folder / "alerts.yml", self._folder / "prometheus.yml"
        rules.write_text(self._rules())
        config.write_text(yaml.safe_dump(self._config(rules)))
        run([program("promtool"), "check", "config", str(config)])
        quiet = self._folder / "alertmanager.yml"
        quiet.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        address = self.alertmanager.removeprefix("http://")
        programs.start(
            "alertmanager",
            [
                program("prometheus-alertmanager"),
                f"--config.file={quiet}",
                f"--storage.path={self._folder / 'alertmanager'}",
                f"--web.listen-address={address}",
                "--cluster.listen-address=",
            ],
        )
        programs.start(
            "prometheus",
            [
                program("prometheus"),
                f"--config.file={config}",
                f"--storage.tsdb.path={self._folder / 'prometheus'}",
                f"--web.listen-address={self.prometheus.removeprefix('http://')}",
            ],
        )
        for url in (self.alertmanager, self.prometheus):
            port = int(url.rpartition(":")[2])
            until(lambda port=port: is_listening(port), f"{url} listens")  # type: ignore[misc]

    def targets(self) -> dict[str, str]:
        """The health of each job, as Prometheus scrapes it."""
        found = self._ask(f"{self.prometheus}/api/v1/targets")["data"]["activeTargets"]
        return {each["labels"]["job"]: each["health"] for each in found}

    def value(self, query: str) -> float:
        """What a query says now; nan where there is nothing."""
        url = f"{self.prometheus}/api/v1/query?query={quote(query)}"
        found = self._ask(url)["data"]["result"]
        return float(found[0]["value"][1]) if found else float("nan")

    def firing(self) -> set[str]:
        """Alerts that Prometheus fires."""
        found = self._ask(f"{self.prometheus}/api/v1/alerts")["data"]["alerts"]
        return {
            each["labels"]["alertname"] for each in found if each["state"] == "firing"
        }

    def told(self) -> dict[str, str]:
        """Alerts that have reached Alertmanager, each with what it says."""
        found = self._ask(f"{self.alertmanager}/api/v2/alerts?active=true")
        return {
            each["labels"]["alertname"]: each["annotations"]["summary"]
            for each in found
            if each["status"]["state"] == "active"
        }

    def _rules(self) -> str:
        text = (MONITORING / "alerts.yml").read_text()
        if self._wait is not None:
            text = re.sub(r"^( +for: ).*$", rf"\g<1>{self._wait}", text, flags=re.M)
        return text

    def _config(self, rules: Path) -> dict[str, Any]:
        config: dict[str, Any] = yaml.safe_load(
            (MONITORING / "prometheus.yml").read_text()
        )
        config["rule_files"] = [str(rules)]
        if self._wait is not None:
            config["global"] = {"scrape_interval": "2s", "evaluation_interval": "2s"}
        address = self.alertmanager.removeprefix("http://")
        config["alerting"] = {
            "alertmanagers": [{"static_configs": [{"targets": [address]}]}]
        }
        for job in config["scrape_configs"]:
            role = job["job_name"].removeprefix("bankhooks-")
            job["authorization"]["credentials_file"] = str(self._token)
            job["static_configs"] = [{"targets": [f"127.0.0.1:{self._ports[role]}"]}]
        return config

    @staticmethod
    def _ask(url: str) -> Any:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            return json.load(answer)
