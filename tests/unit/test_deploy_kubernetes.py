"""The kustomize base: parses, and its objects fit together."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.conf import settings

from apps.outbound.addresses import AddressPolicy
from tests.deployment import BASE, DEPLOY, SERVICES, is_known, objects, pods

OBJECTS = objects()
PODS = pods()
ROLES = ["beat", "control", "migrate", "pump", "web"]
EXAMPLE = yaml.safe_load(
    (BASE.parent / "example" / "kustomization.yaml").read_text(encoding="utf-8")
)
KUSTOMIZATION = yaml.safe_load((BASE / "kustomization.yaml").read_text())
PAGE = (DEPLOY / "kubernetes.md").read_text()


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == kind}


def containers(role: str) -> list[dict[str, Any]]:
    return [*PODS[role]["containers"], *PODS[role].get("initContainers", [])]


def labels(role: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": "bankhooks", "app.kubernetes.io/component": role}


def selected(selector: dict[str, Any]) -> set[str]:
    """The roles that a selector finds."""
    wanted = [(key, [value]) for key, value in selector.get("matchLabels", {}).items()]
    for each in selector.get("matchExpressions", []):
        assert each["operator"] == "In"
        wanted.append((each["key"], each["values"]))
    return {role for role in ROLES if all(labels(role)[k] in v for k, v in wanted)}


def test_every_file_of_the_base_is_in_it():
    files = {path.name for path in BASE.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(KUSTOMIZATION["resources"])
    assert sorted(PODS) == ROLES


@pytest.mark.parametrize("role", ROLES)
def test_a_pod_has_few_rights(role):
    pod = PODS[role]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] in of_kind("ServiceAccount")
    for container in containers(role):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"]
        assert container["resources"]["limits"]["memory"]
        assert container["image"] == "bankhooks"


@pytest.mark.parametrize("role", ROLES)
def test_a_pod_is_given_settings_that_are_known(role):
    for container in containers(role):
        names = [each["name"] for each in container.get("env", ())]
        assert [name for name in names if not is_known(name)] == []
        assert {"configMapRef": {"name": "bankhooks"}} in container["envFrom"]
        assert {"secretRef": {"name": "bankhooks"}} in container["envFrom"]


def test_the_settings_and_secrets_that_are_named_are_known():
    literals = EXAMPLE["configMapGenerator"][0]["literals"]
    text = "\n".join([(BASE / "bankhooks.env").read_text(), *literals])
    names = re.findall(r"^(\w+)=", text, re.MULTILINE)
    names += re.findall(r"--from-file=(\w+)=", PAGE)
    assert {"DATABASE_URL", "SECRET_KEY", "WEBHOOKS_METRICS_TOKEN"} <= set(names)
    assert [name for name in names if not is_known(name)] == []


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"migrate"}))
def test_a_deployment_waits_for_the_migration_and_drains(role):
    deployment = of_kind("Deployment")[f"bankhooks-{role}"]["spec"]
    assert deployment["selector"]["matchLabels"] == labels(role)
    assert deployment["template"]["metadata"]["labels"] == labels(role)
    (first,) = PODS[role]["initContainers"]
    assert first["command"] == ["python", "manage.py", "migrate", "--check"]
    seconds = PODS[role]["terminationGracePeriodSeconds"]
    assert seconds >= 30 + settings.WEBHOOKS_SETTLE
    assert seconds > settings.CELERY_TASK_TIME_LIMIT
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("role", ["web", "pump", "control"])
def test_what_serves_is_probed_where_it_listens(role):
    (container,) = PODS[role]["containers"]
    (port,) = container["ports"]
    probes = {
        name: container[name]["httpGet"]
        for name in ("startupProbe", "livenessProbe", "readinessProbe")
        if name in container
    }
    assert {each["port"] for each in probes.values()} == {port["name"]}
    assert probes["livenessProbe"]["path"] == "/livez"
    assert ("readinessProbe" in probes) == (role == "web")
    if role == "web":
        assert probes["readinessProbe"]["path"] == "/readyz"
        assert f"0.0.0.0:{port['containerPort']}" in container["command"]
    else:
        environment = {each["name"]: each["value"] for each in container["env"]}
        assert environment["WEBHOOKS_METRICS_PORT"] == str(port["containerPort"])


def test_beat_is_probed_by_its_file_as_in_compose():
    (container,) = PODS["beat"]["containers"]
    command = container["livenessProbe"]["exec"]["command"]
    assert command == SERVICES["beat"]["healthcheck"]["test"][1:]
    schedule = container["command"][container["command"].index("-s") + 1]
    assert f'glob("{schedule}*")' in command[2]


@pytest.mark.parametrize("role", ROLES)
def test_what_is_written_is_in_memory(role):
    (volume,) = PODS[role]["volumes"]
    assert volume["emptyDir"]["medium"] == "Memory"
    (container,) = PODS[role]["containers"]
    assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]


def test_budgets_and_the_service_find_their_pods():
    budgets = of_kind("PodDisruptionBudget").values()
    found = [selected(each["spec"]["selector"]) for each in budgets]
    assert sorted(map(sorted, found)) == [["pump"], ["web"]]
    (service,) = of_kind("Service").values()
    assert selected({"matchLabels": service["spec"]["selector"]}) == {"web"}


def test_pumps_are_scaled_by_a_figure_that_the_adapter_has():
    (scaling,) = of_kind("HorizontalPodAutoscaler").values()
    target = scaling["spec"]["scaleTargetRef"]["name"]
    assert "replicas" not in of_kind("Deployment")[target]["spec"]
    # Two pumps in each pod, and no more pods than pumps may be awake.
    assert 2 * scaling["spec"]["maxReplicas"] <= settings.WEBHOOKS_PUMPS
    metric = scaling["spec"]["metrics"][0]["external"]["metric"]["name"]
    adapter = yaml.safe_load((BASE.parent / "prometheus-adapter.yaml").read_text())
    (rule,) = adapter["rules"]["external"]
    assert rule["name"]["as"] == metric
    assert metric in rule["seriesQuery"]
    assert metric in rule["metricsQuery"]


def policies(way: str) -> Iterator[tuple[set[str], dict[str, Any]]]:
    """Who is concerned by a rule of the policies, and the rule."""
    for policy in of_kind("NetworkPolicy").values():
        spec = policy["spec"]
        for rule in spec.get(way, ()):
            assert way.capitalize() in spec["policyTypes"]
            yield selected(spec["podSelector"]), rule


def test_what_is_not_allowed_is_denied():
    nothing = of_kind("NetworkPolicy")["bankhooks-nothing"]["spec"]
    assert selected(nothing["podSelector"]) == set(ROLES)
    assert nothing["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & nothing.keys()


def test_only_what_sends_has_a_way_out_and_to_public_addresses_only():
    out = [
        (roles, to["ipBlock"])
        for roles, rule in policies("egress")
        for to in rule["to"]
        if "ipBlock" in to
    ]
    assert len(out) == 2
    for roles, block in out:
        assert roles == {"pump", "control", "web"}
        closed = [ipaddress.ip_network(each) for each in block["except"]]
        # Nothing is closed here that the guard in the code would let through.
        for network in closed:
            assert AddressPolicy().refusal(
                str(network[1 if network.num_addresses > 1 else 0])
            )
        for address in DANGEROUS[ipaddress.ip_network(block["cidr"]).version]:
            assert any(ipaddress.ip_address(address) in each for each in closed)


DANGEROUS = {
    4: [
        "10.0.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "172.31.255.255",
        "192.168.1.1",
    ],
    6: ["2002:7f00:1::"],
}


def test_the_web_and_the_figures_can_be_asked_from_where_they_are():
    allowed = {
        (role, port["port"])
        for roles, rule in policies("ingress")
        for role in roles
        for port in rule["ports"]
    }
    served = {
        (role, port["containerPort"])
        for role in ROLES
        for container in PODS[role]["containers"]
        for port in container.get("ports", ())
    }
    assert served <= allowed


def test_the_example_patches_what_the_base_has():
    for patch in EXAMPLE["patches"]:
        target = patch["target"]
        assert target["name"] in of_kind(target["kind"])
        for operation in yaml.safe_load(patch["patch"]):
            node: Any = of_kind(target["kind"])[target["name"]]
            for part in operation["path"].strip("/").split("/"):
                node = node[part]
