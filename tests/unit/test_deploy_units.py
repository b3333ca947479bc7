"""The systemd units and the proxy's example: hardened, and they fit together."""

from __future__ import annotations

import re
import shlex

import pytest
import yaml
from django.conf import settings

from tests.deployment import BIN, DEPLOY, UNITS, Unit, is_known

FOLDER = DEPLOY / "systemd"
NAMES = {path.name: Unit(path) for path in UNITS}
STAYING = sorted(NAMES.keys() - {"bankhooks-migrate.service"})
ENVIRONMENT = (FOLDER / "bankhooks.env").read_text()
NGINX = (DEPLOY / "nginx.conf").read_text()
HARDENED = {
    "User": "bankhooks",
    "UMask": "0077",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_is_hardened(name):
    service = NAMES[name]["Service"]
    assert {key: service.get(key) for key in HARDENED} == HARDENED
    assert "ReadWritePaths" not in service


@pytest.mark.parametrize("name", STAYING)
def test_a_unit_has_the_time_to_finish_what_is_in_flight(name):
    service = NAMES[name]["Service"]
    seconds = int(service["TimeoutStopSec"])
    # A webhook's own deadline may be 30.
    assert seconds >= 30 + settings.WEBHOOKS_SETTLE
    assert seconds > settings.CELERY_TASK_TIME_LIMIT
    # The first process ends the others; they must not hear it from systemd.
    assert (service["KillMode"], service["KillSignal"]) == ("mixed", "SIGTERM")
    assert service["Restart"] == "always"


@pytest.mark.parametrize("name", STAYING)
def test_a_unit_waits_until_the_database_is_migrated(name):
    unit = NAMES[name]
    assert unit["Service"]["ExecStartPre"] == f"{BIN}python manage.py migrate --check"
    for key in ("After", "Wants"):
        assert "bankhooks-migrate.service" in unit["Unit"][key].split()
    # A migration that is run again must not stop what sends.
    assert "bankhooks-migrate.service" not in unit["Unit"].get("Requires", "")


@pytest.mark.parametrize("name", NAMES)
def test_what_a_unit_sets_is_known_to_the_settings(name):
    unknown = [each for each in NAMES[name].environment() if not is_known(each)]
    assert unknown == []


@pytest.mark.parametrize("name", NAMES)
def test_secrets_are_credentials(name):
    unit = NAMES[name]
    loaded = dict(each.split(":", 1) for each in unit.every("LoadCredential"))
    given = {
        variable: value.removeprefix("%d/")
        for variable, value in unit.environment().items()
        if variable.endswith("_FILE")
    }
    assert set(given.values()) == loaded.keys()
    assert all(path.startswith("/etc/bankhooks/secrets/") for path in loaded.values())
    override = yaml.safe_load((DEPLOY / "compose.secrets.yml").read_text())
    assert given.keys() == override["x-secrets"]["environment"].keys()


def test_the_environment_file_names_settings_and_no_secret():
    names = re.findall(r"^(\w+)=", ENVIRONMENT, re.MULTILINE)
    assert {"DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"} <= set(names)
    assert [name for name in names if not is_known(name)] == []
    assert not re.search(r"://[^/\s]*:[^/\s]*@", ENVIRONMENT)


def test_every_unit_is_part_of_the_target():
    target = Unit(FOLDER / "bankhooks.target")
    assert set(target["Unit"]["Wants"].split()) == set(STAYING)
    for name in STAYING:
        assert NAMES[name]["Unit"]["PartOf"] == "bankhooks.target"
        assert NAMES[name]["Install"]["WantedBy"] == "bankhooks.target"


def test_every_unit_says_where_it_is_documented():
    for path in FOLDER.glob("bankhooks*.*"):
        if path.suffix != ".env":
            page = Unit(path)["Unit"]["Documentation"]
            assert page == "file:///opt/bankhooks/current/deploy/systemd.md"


def test_the_web_is_served_by_the_socket_that_stays():
    socket = Unit(FOLDER / "bankhooks-web.socket")["Socket"]["ListenStream"]
    unit = NAMES["bankhooks-web.service"]
    words = shlex.split(unit["Service"]["ExecStart"])
    assert words[words.index("--bind") + 1] == socket
    assert unit["Unit"]["Requires"] == "bankhooks-web.socket"
    assert f"server {socket} " in NGINX


def test_ports_and_folders_of_metrics_are_each_units_own():
    environments = {name: unit.environment() for name, unit in NAMES.items()}
    for variable in ("WEBHOOKS_METRICS_PORT", "PROMETHEUS_MULTIPROC_DIR"):
        values = [each[variable] for each in environments.values() if variable in each]
        assert len(values) == len(set(values)) >= 2
    for name, unit in NAMES.items():
        folder = environments[name].get("PROMETHEUS_MULTIPROC_DIR")
        if folder:
            own = unit["Service"]["RuntimeDirectory"]
            assert folder.startswith(f"%t/{own}/")


def test_the_proxy_replaces_what_the_service_believes():
    assert NGINX.count("{") == NGINX.count("}")
    assert "proxy_set_header X-Forwarded-Proto https;" in NGINX
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX
    assert settings.SECURE_PROXY_SSL_HEADER == ("HTTP_X_FORWARDED_PROTO", "https")
    assert "WEBHOOKS_TRUSTED_PROXIES=1" in ENVIRONMENT
    for path in ("/metrics", "/readyz"):
        assert re.search(rf"location = {path} +{{ deny all; }}", NGINX)


def test_the_proxy_lets_the_largest_body_through():
    (size,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(size) * 1024**2 >= settings.DATA_UPLOAD_MAX_MEMORY_SIZE


@pytest.mark.parametrize("line", NGINX.splitlines())
def test_a_directive_of_the_proxy_ends(line):
    code = line.split("#")[0].strip()
    assert not code or code[-1] in "{};"
