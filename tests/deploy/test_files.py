"""The files of compose, Docker and Kubernetes agree with each other and with the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml

from relay.environment.variables import TABLE
from relay.health import probes
from relay.processes.programs import DRAIN_SECONDS, FLUSH_SECONDS, MARGIN_SECONDS
from tests.running import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
# Kinds that are no part of Kubernetes itself.
FOREIGN = {"Kustomization", "ServiceMonitor"}
KUBERNETES = "1.33"


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in MANIFESTS:
        for document in yaml.safe_load_all(path.read_text()):
            yield f"{path.stem}-{document['kind']}-{document.get('metadata', {}).get('name', '')}", document


DOCUMENTS = dict(documents())


@pytest.mark.parametrize("name", [name for name, found in DOCUMENTS.items() if found["kind"] not in FOREIGN])
def test_a_manifest_fits_the_schema_of_kubernetes(name: str) -> None:
    kubernetes_validate.validate(DOCUMENTS[name], KUBERNETES, strict=True)


def test_a_stop_has_time_for_all_its_stages() -> None:
    """GRACE_SECONDS is the default in both."""
    stages = TABLE["GRACE_SECONDS"].default + MARGIN_SECONDS + DRAIN_SECONDS + FLUSH_SECONDS
    pod = DOCUMENTS["relay-StatefulSet-llm-relay"]["spec"]["template"]["spec"]
    pause = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] >= stages + pause
    minutes = COMPOSE["services"]["relay"]["stop_grace_period"].removesuffix("m")
    assert int(minutes) * 60 >= stages


def test_probes_of_kubernetes_are_paths_that_a_worker_answers_itself() -> None:
    """A database that is away, or a console that hangs, must not take all pods out at once."""
    (container,) = DOCUMENTS["relay-StatefulSet-llm-relay"]["spec"]["template"]["spec"]["containers"]
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert probes.takes(container[name]["httpGet"]["path"])


def test_each_pod_has_its_journal_on_a_volume_of_its_own() -> None:
    spec = DOCUMENTS["relay-StatefulSet-llm-relay"]["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    mounts = {
        each["name"]: each["mountPath"] for each in spec["template"]["spec"]["containers"][0]["volumeMounts"]
    }
    names = {each["name"]: each for each in spec["template"]["spec"]["containers"][0]["env"]}
    assert mounts[claim["metadata"]["name"]] == names["DATA_DIR"]["value"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"] and "NODE_ID" in names


def test_kustomize_names_files_that_exist() -> None:
    (kustomization,) = [found for found in DOCUMENTS.values() if found["kind"] == "Kustomization"]
    for name in kustomization["resources"]:
        assert (ROOT / "deploy" / "kubernetes" / name).is_file()


def variables_in(environment: Any) -> set[str]:
    return set(environment or ())


@pytest.mark.parametrize("name", ["relay", "dispatcher"])
def test_compose_sets_only_variables_that_are_read(name: str) -> None:
    for variable in variables_in(COMPOSE["services"][name]["environment"]) - {"DISPATCH_ARGUMENTS"}:
        assert variable.removesuffix("_FILE") in TABLE
        assert not variable.endswith("_FILE") or TABLE[variable.removesuffix("_FILE")].is_secret


def test_kubernetes_sets_only_variables_that_are_read() -> None:
    config = next(found for found in DOCUMENTS.values() if found["kind"] == "ConfigMap")["data"]
    secret = next(found for found in DOCUMENTS.values() if found["kind"] == "Secret")["stringData"]
    assert {*config, *secret} <= TABLE.keys()
    assert all(TABLE[name].is_secret for name in secret)


def test_the_image_sets_only_variables_that_are_read() -> None:
    (line,) = re.findall(r"^ENV (.+)$", DOCKERFILE, re.MULTILINE)
    named = {pair.partition("=")[0] for pair in line.split()}
    assert {name for name in named if not name.startswith("PYTHON")} <= TABLE.keys()


def test_only_the_relays_port_leaves_the_machine() -> None:
    published = {
        name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service
    }
    assert published.pop("relay") == ["${PORT:-8000}:8000"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_volumes_and_services_that_are_named_exist() -> None:
    for service in COMPOSE["services"].values():
        assert set(service.get("depends_on", ())) <= COMPOSE["services"].keys()
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source.startswith("./") or source in COMPOSE["volumes"]


def test_no_password_stands_in_the_file() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or str(value).startswith("/secrets/")


def test_the_image_runs_as_nobody_in_particular_and_is_asked_how_it_is() -> None:
    assert re.search(r"^USER appuser$", DOCKERFILE, re.MULTILINE)
    assert "deploy.healthcheck" in DOCKERFILE
    for folder in ("data", "logs", "config", "certs"):
        assert f'"/app/{folder}"' in DOCKERFILE
