#!/usr/bin/env python3
"""The chart: what it says of itself, what it gives a real API server, and what its roles and its policy allow.

chart_test.py SLIPWAY [TEST...]
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

from api_server import Cluster, programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/slipway"
NAMESPACE = "slipway-system"
IMAGE = ["--set", "image.repository=contoso.azurecr.io/slipway"]
MONITORING = ["podmonitors", "servicemonitors", "prometheusrules"]
SLIPWAY = None
# Seconds. An API server whose first try to clear a kind failed looks at it again after a minute, or, where its own cache
# lagged by then, with its resync after five; on a machine that is busy both were seen.
SETTLED_WITHIN = 420
EDITED_EVERY = 10  # Seconds: by then it has cleared a kind, or failed to.

REGISTRY = """
apiVersion: slipway.dev/v1alpha1
kind: ContainerRegistry
metadata: {name: contoso}
spec: {loginServer: contoso.azurecr.io, authentication: {anonymous: {}}}
"""

PUBLICATION = """
apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {name: app, namespace: shop}
spec:
  registryRef: {name: contoso}
  repository: shop/app
  environment: staging
  source: {image: {reference: "ghcr.io/contoso/app:1"}}
  build: {number: 1}
  tags: [{name: number, template: "{{number}}"}]
"""

# (value, what it is set to, where it stands in the pod's template)
IN_THE_POD = [
    ("podLabels", {"cost-center": "7"}, "metadata.labels"),
    ("commonLabels", {"team": "platform"}, "metadata.labels"),
    ("podAnnotations", {"example.com/reviewed": "yes"}, "metadata.annotations"),
    ("imagePullSecrets", [{"name": "pull"}], "spec.imagePullSecrets"),
    ("nodeSelector", {"pool": "system"}, "spec.nodeSelector"),
    ("tolerations", [{"key": "dedicated", "operator": "Exists"}], "spec.tolerations"),
    ("affinity", {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "pool", "operator": "Exists"}]}]}}}, "spec.affinity"),
    ("topologySpreadConstraints", [{"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
     "spec.topologySpreadConstraints"),
    ("priorityClassName", "system-cluster-critical", "spec.priorityClassName"),
    ("terminationGracePeriodSeconds", 90, "spec.terminationGracePeriodSeconds"),
    ("runAsUser", 1234, "spec.securityContext.runAsUser"),
    ("serviceAccount.name", "publisher", "spec.serviceAccountName"),
    ("image.pullPolicy", "Always", "spec.containers.0.imagePullPolicy"),
    ("resources", {"limits": {"memory": "1Gi"}}, "spec.containers.0.resources"),
    ("extraEnv", [{"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}], "spec.containers.0.env"),
    ("extraArgs", ["--publisher-id=eu"], "spec.containers.0.args"),
]

CLUSTER = None


def cluster():
    """One API server for all tests of this file."""
    global CLUSTER
    if CLUSTER is None:
        folder = tempfile.TemporaryDirectory(prefix="slipway-chart-")
        unittest.addModuleCleanup(folder.cleanup)
        CLUSTER = Cluster(folder.name)
        unittest.addModuleCleanup(CLUSTER.stop)
    return CLUSTER


def helm(*arguments, home, check=True):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home)}
    finished = subprocess.run([programs() / "helm", *map(str, arguments)], capture_output=True, text=True, env=environment)
    if check and finished.returncode != 0:
        raise AssertionError(f"helm {' '.join(map(str, arguments))}: {finished.stderr}")
    return finished


def settled(question):
    """Waits until `question` answers with something true."""
    deadline = time.monotonic() + SETTLED_WITHIN
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come within {SETTLED_WITHIN} s")
        time.sleep(0.1)
    return answer


def at(value, path):
    """What stands in a document at such a path: names, and numbers in a list."""
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def within(small, large):
    """Whether it has all that is asked for; there may be more."""
    if isinstance(small, dict):
        return all(name in large and within(inner, large[name]) for name, inner in small.items())
    return all(one in large for one in small) if isinstance(small, list) else small == large


def leaves(schema, values, path=()):
    """(path, description, default) of every value that the schema names."""
    if "properties" in schema:
        for name, inner in schema["properties"].items():
            yield from leaves(inner, (values or {}).get(name), (*path, name))
    elif path not in (("global",), ("enabled",)):
        yield ".".join(path), schema["description"], values


# With these every value has something to change.
ALL_OF_IT = {"image": {"repository": "a.io/b"}, "workloadIdentity": {"enabled": True}, "audit": {"persistence": {"enabled": True}},
             "metrics": {part: {"enabled": True} for part in ("podMonitor", "serviceMonitor", "prometheusRule", "dashboard")}}
# Where another value is not made of the kind of what is set.
ANOTHER = {
    "image.repository": "b.io/c", "image.tag": "x", "image.digest": "sha256:" + "a" * 64, "image.pullPolicy": "Never",
    "imagePullSecrets": [{"name": "a"}], "log.level": "debug", "log.format": "text", "listenHost": "[::]",
    "nameOverride": "another", "fullnameOverride": "another", "serviceAccount.name": "another", "priorityClassName": "another",
    "watchNamespaces": ["a"], "extraArgs": ["--timeout=5m"], "extraEnv": [{"name": "A", "value": "b"}], "runAsUser": 1,
    "extraVolumes": [{"name": "a", "emptyDir": {}}], "extraVolumeMounts": [{"name": "a", "mountPath": "/a"}],
    "tolerations": [{"key": "a"}], "resources": {"limits": {"cpu": "1"}},
    "topologySpreadConstraints": [{"maxSkew": 3, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}],
    "audit.persistence.size": "9Gi", "audit.persistence.storageClassName": "fast",
    "audit.persistence.accessMode": "ReadWriteOncePod", "podDisruptionBudget.maxUnavailable": "50%",
    "networkPolicy.metricsFrom": [], "networkPolicy.apiServerPorts": [1], "networkPolicy.registryPorts": [2],
    "networkPolicy.extraEgress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}],
    "metrics.podMonitor.interval": "7s", "metrics.serviceMonitor.interval": "7s", "metrics.dashboard.namespace": "another",
    "metrics.prometheusRule.runbookBaseURL": "https://example.com",
    "workloadIdentity.clientID": "11111111-2222-3333-4444-555555555555",
    "workloadIdentity.tenantID": "11111111-2222-3333-4444-555555555555",
}


def another(path, value):
    if path in ANOTHER:
        return ANOTHER[path]
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else {"a": "b"}


def with_value(values, path, value):
    """A copy of `values` in which the one at `path` is this."""
    changed = json.loads(json.dumps(values))
    *folders, name = path.split(".")
    place = changed
    for folder in folders:
        place = place.setdefault(folder, {})
    place[name] = value
    return changed


def value_at(values, path):
    for name in path.split("."):
        values = values.get(name) if isinstance(values, dict) else None
    return values


def paths_of(values, schema, path=()):
    for name, inner in values.items():
        below = schema["properties"].get(name, {})
        if isinstance(inner, dict) and "properties" in below:
            yield from paths_of(inner, below, (*path, name))
        else:
            yield ".".join((*path, name))


class RenderedTest(unittest.TestCase):
    """The chart as `helm template` shows it; needs no cluster."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="slipway-chart-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.schema = json.loads((CHART / "values.schema.json").read_text())
        cls.values = yaml.safe_load((CHART / "values.yaml").read_text())
        cls.readme = (CHART / "README.md").read_text()

    def template(self, *arguments, check=True):
        return helm("template", "slipway", CHART, "-n", NAMESPACE, *arguments,
                    home=self.folder, check=check)

    def objects(self, *arguments):
        return [one for one in yaml.safe_load_all(self.template(*IMAGE, *arguments).stdout) if one]

    def one(self, kind, *arguments):
        found = [one for one in self.objects(*arguments) if one["kind"] == kind]
        self.assertEqual(len(found), 1, kind)
        return found[0]


class KeysOnce(yaml.SafeLoader):
    """Refuses a key that stands twice in a map, as Flux does."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: {keys}"
        return super().construct_mapping(node, deep)


class ChartTest(RenderedTest):
    def test_templating_changes_nothing_but_metadata_of_a_crd(self):
        rendered = {one["metadata"]["name"]: one for one in self.objects() if one["kind"] == "CustomResourceDefinition"}
        for path in (ROOT / "crds/manifests").glob("*.yaml"):
            wanted = yaml.safe_load(path.read_text())
            with self.subTest(path.name):
                self.assertEqual(rendered[wanted["metadata"]["name"]]["spec"], wanted["spec"])

    def test_crds_are_left_out_or_not_kept_on_request(self):
        kinds = [one["kind"] for one in self.objects("--set", "crds.enabled=false")]
        self.assertNotIn("CustomResourceDefinition", kinds)
        for keep, policy in (("true", "keep"), ("false", None)):
            crds = [one for one in self.objects("--set", f"crds.keep={keep}") if one["kind"] == "CustomResourceDefinition"]
            for one in crds:
                self.assertEqual(one["metadata"].get("annotations", {}).get("helm.sh/resource-policy"), policy)

    def test_every_value_is_in_schema_and_readme(self):
        wanted = list(leaves(self.schema, self.values))
        self.assertEqual(sorted(paths_of(self.values, self.schema)), sorted(path for path, _, _ in wanted))
        rows = re.findall(r"^\| `([A-Za-z.]+)` \| `(.*?)` \| (.*) \|$", self.readme, re.M)
        self.assertEqual([(path, json.dumps(default), text) for path, text, default in wanted], rows)

    def test_every_value_changes_what_is_installed(self):
        def rendered(values):
            path = self.folder / "values.json"
            path.write_text(json.dumps(values))
            return self.template("-f", path, "--api-versions", "monitoring.coreos.com/v1").stdout

        usual = rendered(ALL_OF_IT)
        for path, _, default in leaves(self.schema, self.values):
            with self.subTest(path):
                given = value_at(ALL_OF_IT, path)
                self.assertNotEqual(rendered(with_value(ALL_OF_IT, path, another(path, default if given is None else given))), usual)

    def test_a_pod_has_its_token_and_may_write_its_volume_and_none_waits_for_another(self):
        for kind, values in (("Deployment", []), ("StatefulSet", ["--set", "audit.persistence.enabled=true"])):
            spec = self.one(kind, *values)["spec"]
            pod = spec["template"]["spec"]
            self.assertIs(pod["automountServiceAccountToken"], True)
            self.assertEqual(pod["securityContext"]["fsGroup"], self.values["runAsUser"])
            self.assertEqual(spec.get("podManagementPolicy"), "Parallel" if kind == "StatefulSet" else None)

    def test_the_schema_refuses_what_is_not_a_value(self):
        for wrong, named in (("replica=3", "replica"), ("replicas=many", "replicas"), ("image.digest=abc", "digest"),
                             ("log.level=loud", "level"), ("crds.enabled=maybe", "enabled"),
                             ("watchNamespaces={Shop}", "watchNamespaces"), ("audit.persistence.size=big", "size"),
                             ("workloadIdentity.clientID=me", "clientID"),
                             ("serviceAccount.name=x' || true || '", "serviceAccount"),
                             ("priorityClassName=high\n      hostNetwork: true", "priorityClassName"),
                             ("image.repository=contoso.azurecr.io", "repository"),
                             ("image.repository=slipway:1", "repository"),
                             ("fullnameOverride=a\nb", "fullnameOverride"), ("nameOverride=A b", "nameOverride"),
                             ("audit.persistence.storageClassName=a\nb", "storageClassName"),
                             ("metrics.dashboard.namespace=a\nb", "namespace")):
            with self.subTest(wrong):
                answer = self.template(*IMAGE, "--set", wrong, check=False)
                self.assertNotEqual(answer.returncode, 0)
                self.assertIn(named, answer.stderr)

    def test_a_label_that_is_given_twice_stands_once(self):
        labels = "commonLabels.app\\.kubernetes\\.io/part-of=platform,commonLabels.team=a,podLabels.team=b"
        text = self.template(*IMAGE, "--set", labels, "--set", "commonLabels.app\\.kubernetes\\.io/name=mine").stdout
        self.assertGreater(len(list(yaml.load_all(text, KeysOnce))), 10)
        pod = self.one("Deployment", "--set", labels)["spec"]["template"]["metadata"]["labels"]
        self.assertEqual((pod["app.kubernetes.io/part-of"], pod["team"]), ("platform", "b"))
        self.assertIn("app.kubernetes.io/name: slipway", text)
        self.assertNotIn("app.kubernetes.io/name: mine", text)

    def test_an_image_that_the_nodes_have_needs_no_host(self):
        answer = self.template("--set", "image.repository=slipway,image.tag=v1")
        self.assertIn("image: slipway:v1", answer.stdout.replace('"', ""))

    def test_what_contradicts_itself_is_said(self):
        answer = self.template(check=False)
        self.assertIn("image.repository: say where you published the image", answer.stderr)
        answer = self.template(*IMAGE, "--set", "clusterWide=true,watchNamespaces={shop}", check=False)
        self.assertIn("watchNamespaces and clusterWide: give one of them", answer.stderr)

    def test_the_documented_combinations(self):
        blocks = re.findall(r"^```yaml\n(.*?)^```$", self.readme, re.M | re.S)
        self.assertGreaterEqual(len(blocks), 6)
        for number, block in enumerate(blocks):
            values = self.folder / f"values-{number}.yaml"
            values.write_text(block)
            with self.subTest(block):
                lint = helm("lint", CHART, "--strict", *IMAGE, "-f", values, home=self.folder, check=False)
                self.assertEqual(lint.returncode, 0, lint.stdout + lint.stderr)
                self.assertIn("0 chart(s) failed", lint.stdout)
                self.assertTrue(self.objects("-f", values, "--api-versions", "monitoring.coreos.com/v1"))

    def test_the_cluster_may_choose_the_user(self):
        values = self.folder / "openshift.yaml"
        values.write_text("runAsUser: null\n")
        context = self.one("Deployment", "-f", values)["spec"]["template"]["spec"]["securityContext"]
        self.assertEqual(context, {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}})

    def test_the_pod_is_watched_bounded_and_restricted(self):
        pod = self.one("Deployment")["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        self.assertEqual(container["livenessProbe"]["httpGet"], {"path": "/healthz", "port": "metrics"})
        self.assertEqual(container["readinessProbe"]["httpGet"], {"path": "/readyz", "port": "metrics"})
        self.assertIn({"name": "metrics", "containerPort": 8080, "protocol": "TCP"}, container["ports"])
        self.assertIn("--listen=0.0.0.0:8080", container["args"])
        self.assertEqual(container["resources"], self.values["resources"])
        self.assertIn("memory", container["resources"]["limits"])
        self.assertEqual(container["securityContext"], {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                        "capabilities": {"drop": ["ALL"]}})
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])

    def test_further_volumes_stand_beside_that_of_the_audit_log(self):
        values = self.folder / "volumes.yaml"
        volume, mount = {"name": "ca", "configMap": {"name": "corp-ca"}}, {"name": "ca", "mountPath": "/etc/ca", "readOnly": True}
        values.write_text(json.dumps({"extraVolumes": [volume], "extraVolumeMounts": [mount]}))
        audit = {"name": "audit", "mountPath": "/var/lib/slipway"}
        for kind, arguments, mounts in (("Deployment", [], [mount]),
                                        ("StatefulSet", ["--set", "audit.persistence.enabled=true"], [audit, mount])):
            pod = self.one(kind, "-f", values, *arguments)["spec"]["template"]["spec"]
            self.assertEqual(pod["volumes"], [volume])
            self.assertEqual(pod["containers"][0]["volumeMounts"], mounts)
        self.assertNotIn("volumeMounts", self.one("Deployment")["spec"]["template"]["spec"]["containers"][0])

    def test_every_value_for_the_pod_is_in_the_pod(self):
        values = {}
        for path, value, _ in IN_THE_POD:
            *outer, name = path.split(".")
            inner = values
            for step in outer:
                inner = inner.setdefault(step, {})
            inner[name] = value
        written = self.folder / "pod.yaml"
        written.write_text(json.dumps(values))
        for kind, arguments in (("Deployment", []), ("StatefulSet", ["--set", "audit.persistence.enabled=true"])):
            template = self.one(kind, "-f", written, *arguments)["spec"]["template"]
            for path, value, place in IN_THE_POD:
                with self.subTest(path, kind=kind):
                    found = at(template, place)
                    self.assertTrue(within(value, found), f"{value} in {found}")

    def test_replicas_are_never_fewer_while_pods_are_replaced(self):
        self.assertEqual(self.one("Deployment")["spec"]["strategy"],
                         {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})

    def test_the_audit_log_outlives_replicas_and_release(self):
        kept = self.one("StatefulSet", "--set", "audit.persistence.enabled=true")["spec"]
        self.assertEqual(kept["persistentVolumeClaimRetentionPolicy"], {"whenDeleted": "Retain", "whenScaled": "Retain"})

    def test_the_pod_is_given_longer_to_end_than_the_program_takes(self):
        for seconds in (2, 10, 20, 60, 3600):
            pod = self.one("Deployment", "--set", f"terminationGracePeriodSeconds={seconds}")["spec"]["template"]["spec"]
            (grace,) = re.findall(r"--grace=(\d+)s", " ".join(pod["containers"][0]["args"]))
            self.assertEqual(pod["terminationGracePeriodSeconds"], seconds)
            self.assertGreater(seconds, int(grace))

    def test_what_scrapes_finds_the_port_with_the_metrics(self):
        pod, service = self.one("Deployment")["spec"]["template"], self.one("Service")
        (container,) = pod["spec"]["containers"]
        ports = {each["name"]: each["containerPort"] for each in container["ports"]}
        for port in service["spec"]["ports"]:
            self.assertEqual(ports[port["targetPort"]], port["port"])
        self.assertIn(f"--listen=0.0.0.0:{ports['metrics']}", container["args"])
        for kind, value, endpoints, labels, names in (
                ("PodMonitor", "podMonitor", "podMetricsEndpoints", pod["metadata"]["labels"], set(ports)),
                ("ServiceMonitor", "serviceMonitor", "endpoints", service["metadata"]["labels"],
                 {each["name"] for each in service["spec"]["ports"]})):
            with self.subTest(kind):
                monitor = self.one(kind, "--api-versions", "monitoring.coreos.com/v1", "--set", ",".join(
                    f"metrics.{value}.{setting}" for setting in ("enabled=true", "interval=7s", "labels.release=prometheus")))
                self.assertEqual(monitor["metadata"]["labels"]["release"], "prometheus")
                selector = monitor["spec"]["selector"]["matchLabels"]
                self.assertLessEqual(selector.items(), labels.items())
                self.assertEqual(selector["app.kubernetes.io/instance"], "slipway")
                self.assertEqual(monitor["metadata"]["namespace"], NAMESPACE)
                (endpoint,) = monitor["spec"][endpoints]
                self.assertIn(endpoint["port"], names)
                self.assertEqual((endpoint["path"], endpoint["interval"]), ("/metrics", "7s"))

    def test_what_selects_pods_selects_those_of_this_release(self):
        labels = self.one("Deployment")["spec"]["template"]["metadata"]["labels"]
        budget = self.one("PodDisruptionBudget", "--set", "replicas=3")["spec"]
        for selector in (budget["selector"]["matchLabels"], self.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
                         self.one("Service")["spec"]["selector"]):
            self.assertLessEqual(selector.items(), labels.items())
            self.assertEqual(selector["app.kubernetes.io/instance"], "slipway")
        self.assertEqual((budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]), (1, "AlwaysAllow"))

    def test_the_network_policy_lets_out_what_is_named_and_in_who_scrapes(self):
        def ports(rule):
            return sorted({each["port"] for each in rule["ports"]})

        policy = self.one("NetworkPolicy")["spec"]
        self.assertEqual(policy["policyTypes"], ["Ingress", "Egress"])
        self.assertEqual([ports(rule) for rule in policy["egress"]],
                         [[53], sorted({*self.values["networkPolicy"]["apiServerPorts"],
                                        *self.values["networkPolicy"]["registryPorts"]})])
        for rule in policy["ingress"]:
            self.assertEqual((rule["from"], ports(rule)), (self.values["networkPolicy"]["metricsFrom"], ["metrics"]))
        nobody = self.one("NetworkPolicy", "--set", "networkPolicy.metricsFrom=null")["spec"]
        self.assertEqual(nobody["ingress"], [])
        for nothing in ("[]", "null"):
            names_addresses = self.one("NetworkPolicy", "--set-json", f"networkPolicy.apiServerPorts={nothing}",
                                       "--set-json", f"networkPolicy.registryPorts={nothing}")["spec"]
            self.assertEqual([ports(rule) for rule in names_addresses["egress"]], [[53]])
        azure = self.one("NetworkPolicy", "--set", "networkPolicy.instanceMetadata=true")["spec"]["egress"][2]
        self.assertEqual(azure, {"to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}], "ports": [{"port": 80, "protocol": "TCP"}]})
        for kind, value in (("NetworkPolicy", "networkPolicy.enabled"), ("PodDisruptionBudget", "podDisruptionBudget.enabled")):
            self.assertNotIn(kind, [one["kind"] for one in self.objects("--set", f"{value}=false")])

    def test_the_package_is_whole(self):
        helm("package", CHART, "-d", self.folder, home=self.folder)
        (package,) = self.folder.glob("slipway-*.tgz")
        told = helm("template", "slipway", package, "-n", NAMESPACE, *IMAGE, home=self.folder)
        self.assertEqual(told.stdout, self.template(*IMAGE).stdout)

    def test_the_command_line(self):
        def arguments(*values):
            kind = "StatefulSet" if "audit.persistence.enabled=true" in values else "Deployment"
            return self.one(kind, *values)["spec"]["template"]["spec"]["containers"][0]["args"]

        self.assertIn("--grace=45s", arguments())
        self.assertIn("--lease-group=slipway", arguments())
        self.assertIn("--lease-group=eu", arguments("--set", "fullnameOverride=eu"))
        self.assertIn("--grace=5s", arguments("--set", "terminationGracePeriodSeconds=20"))
        self.assertIn("--watch-namespaces=slipway-system", arguments())
        self.assertIn("--watch-namespaces=slipway-system,shop,b", arguments("--set", "watchNamespaces={shop,b}"))
        self.assertNotIn("--watch-namespaces", " ".join(arguments("--set", "clusterWide=true")))
        self.assertIn("--audit-folder=/var/lib/slipway/audit", arguments("--set", "audit.persistence.enabled=true"))
        self.assertNotIn("--audit-folder", " ".join(arguments()))

    def test_another_version_of_the_chart_restarts_no_pod(self):
        def template(version, *values):
            chart = self.folder / version
            if not chart.exists():
                shutil.copytree(CHART, chart)
                about = yaml.safe_load((chart / "Chart.yaml").read_text())
                (chart / "Chart.yaml").write_text(yaml.safe_dump({**about, "version": version}))
            told = helm("template", "slipway", chart, "-n", NAMESPACE, *IMAGE, *values, home=self.folder).stdout
            objects = [one for one in yaml.safe_load_all(told) if one]
            (workload,) = (one for one in objects if one["kind"] in ("Deployment", "StatefulSet"))
            self.assertEqual(workload["metadata"]["labels"]["helm.sh/chart"], f"slipway-{version.replace('+', '_')}")
            return workload["spec"]

        for values in ([], ["--set", "audit.persistence.enabled=true"], ["--set", "commonLabels.team=platform"]):
            with self.subTest(values):
                # As Flux numbers a chart of a Git repository: by commit.
                self.assertEqual(template("0.1.0+aaaaaaaaaaaa", *values), template("0.1.0+bbbbbbbbbbbb", *values))
        labels = template("0.1.0+aaaaaaaaaaaa", *values)["template"]["metadata"]["labels"]
        self.assertEqual(labels["team"], "platform")

    def test_an_umbrella_chart_hands_its_condition_on(self):
        umbrella = self.folder / "umbrella"
        (umbrella / "charts").mkdir(parents=True)
        shutil.copytree(CHART, umbrella / "charts/slipway")
        (umbrella / "Chart.yaml").write_text(
            "apiVersion: v2\nname: umbrella\nversion: 1.0.0\n"
            "dependencies: [{name: slipway, version: '*', condition: slipway.enabled}]\n")
        (umbrella / "values.yaml").write_text("slipway: {image: {repository: contoso.azurecr.io/slipway}}\n")
        for enabled in ("true", "false"):
            told = helm("template", "platform", umbrella, "--set", f"slipway.enabled={enabled}", home=self.folder)
            self.assertEqual("kind: Deployment" in told.stdout, enabled == "true")

    def test_the_guard_names_a_role_that_is_there(self):
        def named(*values):
            (guard,) = (one for one in self.objects(*values) if one["kind"] == "ValidatingAdmissionPolicy"
                        and one["metadata"]["name"] == "slipway-retention")
            return json.dumps(guard)

        self.assertIn("ClusterRole slipway-retention-approver", named())
        self.assertNotIn("slipway-retention-approver", named("--set", "rbac.create=false"))

    def test_replicas_tell_each_other_apart_by_their_host_names_whatever_the_name_is(self):
        name = self.one("Deployment", "--set", f"nameOverride={'n' * 60}")["metadata"]["name"]
        self.assertLessEqual(len(f"{name}-0123456789-01234"), 63)
        refused = self.template(*IMAGE, "--set", f"fullnameOverride={'n' * 47}", check=False)
        self.assertIn("fullnameOverride", refused.stderr)

    def test_the_image_by_digest(self):
        digest = "sha256:" + "a" * 64
        pod = self.one("Deployment", "--set", f"image.digest={digest}")["spec"]["template"]["spec"]
        self.assertEqual(pod["containers"][0]["image"], "contoso.azurecr.io/slipway@" + digest)

    def test_the_chart_is_of_this_version_of_the_program(self):
        told = subprocess.run([SLIPWAY, "version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(f"slipway {yaml.safe_load((CHART / 'Chart.yaml').read_text())['appVersion']}", told.strip())

    def test_workload_identity(self):
        identity = "11111111-2222-3333-4444-555555555555"
        values = ["--set", f"workloadIdentity.enabled=true,workloadIdentity.clientID={identity}"]
        labels = self.one("Deployment", *values)["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(labels["azure.workload.identity/use"], "true")
        account = self.one("ServiceAccount", *values)
        self.assertEqual(account["metadata"]["annotations"], {"azure.workload.identity/client-id": identity})
        labels = self.one("Deployment")["spec"]["template"]["metadata"]["labels"]
        self.assertNotIn("azure.workload.identity/use", labels)

    def test_what_is_watched_is_not_there(self):
        every = ",".join(f"metrics.{one}.enabled=true" for one in ("podMonitor", "serviceMonitor", "prometheusRule"))
        api = ["--api-versions", "monitoring.coreos.com/v1"]
        wanted = {"PodMonitor", "ServiceMonitor", "PrometheusRule"}
        self.assertEqual({one["kind"] for one in self.objects("--set", every, *api)} & wanted, wanted)
        self.assertEqual({one["kind"] for one in self.objects("--set", every)} & wanted, set())
        self.assertEqual({one["kind"] for one in self.objects(*api)} & wanted, set())


class MonitoringTest(RenderedTest):
    """Alerts, their runbooks, the dashboard."""

    def rules(self, *arguments):
        return self.one("PrometheusRule", "--set", "metrics.prometheusRule.enabled=true", "--api-versions",
                        "monitoring.coreos.com/v1", *arguments)["spec"]

    def known_metrics(self):
        page = (ROOT / "docs/reference/metrics.md").read_text()
        return set(re.findall(r"^\| `([a-z_]*)` \|", page, re.M))

    def assert_known(self, expression):
        named = set(re.findall(r"\b((?:slipway|workqueue|controller_runtime|leader_election|rest_client)_[a-z_]+)", expression))
        self.assertTrue(named, expression)
        known = self.known_metrics()
        for name in named:
            self.assertIn(re.sub(r"_(bucket|sum|count)$", "", name), known, expression)

    def test_the_alerts_do_what_they_say(self):
        (self.folder / "alerts.yaml").write_text(yaml.safe_dump(self.rules()))
        shutil.copy(ROOT / "tests/cluster/alerts_test.yaml", self.folder)
        for verb in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]):
            done = subprocess.run(["promtool", *verb], cwd=self.folder, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_is_tested_and_has_its_runbook(self):
        tests = yaml.safe_load((ROOT / "tests/cluster/alerts_test.yaml").read_text())["tests"]
        fired, quiet = set(), set()
        for case in (case for test in tests for case in test["alert_rule_test"]):
            (fired if case.get("exp_alerts") else quiet).add(case["alertname"])
        for rule in self.rules()["groups"][0]["rules"]:
            with self.subTest(rule["alert"]):
                self.assertIn(rule["alert"], fired & quiet)
                self.assertIn(f"`{rule['alert']}`", (ROOT / rule["annotations"]["runbook_url"]).read_text())
                self.assert_known(rule["expr"])

    def test_the_alerts_link_to_where_the_runbooks_are_browsed(self):
        rules = self.rules("--set", "metrics.prometheusRule.runbookBaseURL=https://git.example/slipway/")
        for rule in rules["groups"][0]["rules"]:
            self.assertRegex(rule["annotations"]["runbook_url"], "^https://git.example/slipway/docs/runbooks/[a-z-]+.md$")

    def test_the_dashboard_shows_metrics_that_are_there(self):
        shown = self.one("ConfigMap", "--set", "metrics.dashboard.enabled=true")
        self.assertEqual(shown["metadata"]["labels"]["grafana_dashboard"], "1")
        dashboard = json.loads(shown["data"]["slipway.json"])
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
        self.assertGreater(len(queries), 10)
        for query in queries:
            self.assert_known(query)
            asked = self.folder / "query.yaml"
            asked.write_text(yaml.safe_dump({"groups": [{"name": "q", "rules": [{
                "record": "q", "expr": query.replace("$__rate_interval", "5m").replace("$replica", ".*")}]}]}))
            done = subprocess.run(["promtool", "check", "rules", asked], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, query + done.stderr)
        self.assertEqual(len({panel["id"] for panel in dashboard["panels"]}), len(dashboard["panels"]))


def have_monitoring(cluster):
    """The kinds of the Prometheus operator, with its own schemas."""
    cluster.apply_crds(programs("schemas") / "crds/monitoring")


class ClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cluster()
        cls.kubectl = cls.cluster.kubectl
        cls.addClassCleanup(cls.clean)

    @classmethod
    def clean(cls):
        if cls.helm("status", "slipway", check=False).returncode == 0:
            cls.helm("uninstall", "slipway")
        cls.kubectl("delete", "crd", "--all", "--wait=false")
        cls.wait_until_no_kind_is_left()

    @classmethod
    def wait_until_no_kind_is_left(cls):
        """An edit makes the API server look again at once at a kind that it failed to clear."""
        edited = time.monotonic()

        def none_is_left():
            nonlocal edited
            if time.monotonic() - edited > EDITED_EVERY:
                edited = time.monotonic()
                cls.kubectl("annotate", "crd", "--all", "--overwrite", f"test.slipway.dev/edited={edited:.0f}", check=False)
            return not cls.kubectl("get", "crd", "-o", "name").stdout

        settled(none_is_left)

    @classmethod
    def helm(cls, verb, *arguments, check=True):
        return helm(verb, *arguments, "-n", NAMESPACE, "--kubeconfig", cls.cluster.kubeconfig,
                    home=cls.cluster.folder, check=check)

    @classmethod
    def namespaces(cls, *names):
        for name in names:
            cls.kubectl("apply", "-f", "-", stdin=f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")

    @classmethod
    def install(cls, *arguments, chart=CHART):
        done = cls.helm("install", "slipway", chart, "--create-namespace", *IMAGE, *arguments)
        cls.cluster.wait_until_kinds_are_served()
        return done.stdout

    def upgrade(self, *arguments):
        return self.helm("upgrade", "slipway", CHART, "--reset-then-reuse-values", *arguments).stdout

    def names(self, kind, *arguments):
        listed = self.kubectl("get", kind, "-o", "jsonpath={.items[*].metadata.name}", *arguments, check=False)
        return listed.stdout.split() if listed.returncode == 0 else []


class LifecycleTest(ClusterTest):
    def tearDown(self):
        self.clean()

    def test_upgrade_reaches_the_crds_and_uninstall_spares_the_resources(self):
        older = self.cluster.folder / "older"
        shutil.copytree(CHART, older)
        path = older / "files/crds/slipway.dev_containerregistries.yaml"
        crd = yaml.safe_load(path.read_text())
        self.assertGreater(len(crd["spec"]["versions"][0].pop("additionalPrinterColumns")), 1)
        path.write_text(yaml.safe_dump(crd))
        self.namespaces("shop")
        self.install(chart=older)
        self.kubectl("apply", "-f", "-", stdin=REGISTRY)
        self.kubectl("apply", "-f", "-", stdin=PUBLICATION)
        columns = "jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}"
        crd_name = "containerregistries.slipway.dev"
        self.assertEqual(self.kubectl("get", "crd", crd_name, "-o", columns).stdout, "")
        self.upgrade()
        self.assertIn("Ready", self.kubectl("get", "crd", crd_name, "-o", columns).stdout)
        self.helm("uninstall", "slipway")
        self.assertEqual(self.names("deployments", "-n", NAMESPACE), [])
        self.assertEqual(self.names("acr"), ["contoso"])
        self.assertEqual(self.names("ipub", "-n", "shop"), ["app"])
        # What was kept is taken over by the same release.
        self.install()
        self.assertEqual(self.names("acr"), ["contoso"])

    def test_giving_the_crds_into_other_hands_spares_the_resources(self):
        self.install()
        self.kubectl("apply", "-f", "-", stdin=REGISTRY)
        self.upgrade("--set", "crds.enabled=false")
        self.assertEqual(self.names("acr"), ["contoso"])

    def test_without_keep_uninstall_takes_all_of_it(self):
        self.install("--set", "crds.keep=false")
        self.kubectl("apply", "-f", "-", stdin=REGISTRY)
        self.helm("uninstall", "slipway")
        self.wait_until_no_kind_is_left()
        for kind in ("clusterroles", "clusterrolebindings", "validatingadmissionpolicies",
                     "validatingadmissionpolicybindings"):
            self.assertEqual([name for name in self.names(kind) if name.startswith("slipway")], [], kind)
        for kind in ("serviceaccounts", "roles", "rolebindings", "services", "networkpolicies", "poddisruptionbudgets"):
            left = [name for name in self.names(kind, "-n", NAMESPACE) if name.startswith("slipway")]
            self.assertEqual(left, [], kind)

    def test_persistence_goes_on_and_off(self):
        notes = self.install()
        self.assertIn("ends with the pod", notes)
        notes = self.upgrade("--set", "audit.persistence.enabled=true")
        self.assertNotIn("ends with the pod", notes)
        self.assertEqual(self.names("deployments", "-n", NAMESPACE), [])
        self.assertEqual(self.names("statefulsets", "-n", NAMESPACE), ["slipway"])
        self.upgrade("--set", "replicas=3,workers=4")
        claim = self.kubectl("get", "statefulset", "slipway", "-n", NAMESPACE, "-o", "json").stdout
        spec = json.loads(claim)["spec"]
        self.assertEqual((spec["replicas"], spec["volumeClaimTemplates"][0]["metadata"]["name"]), (3, "audit"))
        # Whoever compares what was applied with what is kept (Argo CD) compares the list as a whole.
        rendered = helm("template", "slipway", CHART, "-n", NAMESPACE, *IMAGE, "--set", "audit.persistence.enabled=true",
                        home=self.cluster.folder).stdout
        applied = [one for one in yaml.safe_load_all(rendered) if one and one["kind"] == "StatefulSet"]
        kept = spec["volumeClaimTemplates"]
        kept[0].pop("status")
        kept[0]["metadata"].pop("creationTimestamp", None)
        self.assertEqual(applied[0]["spec"]["volumeClaimTemplates"], kept)
        self.upgrade("--set", "audit.persistence.enabled=false")
        self.assertEqual(self.names("statefulsets", "-n", NAMESPACE), [])
        self.assertEqual(self.names("deployments", "-n", NAMESPACE), ["slipway"])

    def test_a_namespace_is_granted_and_withdrawn(self):
        self.namespaces("shop", "team-b")
        self.assertIn(f"can be read in {NAMESPACE} alone", self.install())
        self.assertEqual(self.names("roles", "-n", "shop"), [])
        notes = self.upgrade("--set", "watchNamespaces={shop}")
        self.assertIn("--set 'watchNamespaces={shop,NAMESPACE}'", notes)
        self.assertIn(f"are read in {NAMESPACE}, shop and nowhere else", notes)
        self.assertEqual(self.names("roles", "-n", "shop"), ["slipway-references"])
        self.upgrade("--set", "watchNamespaces={team-b}")
        self.assertEqual(self.names("roles", "-n", "shop"), [])
        self.assertEqual(self.names("roles", "-n", "team-b"), ["slipway-references"])

    def test_a_namespace_that_is_not_there_is_said_before_anything_is_written(self):
        values = ["--set", "watchNamespaces={later,later-too}"]
        refused = self.helm("install", "slipway", CHART, "--create-namespace", *IMAGE, *values, check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("watchNamespaces: not in this cluster: later later-too.", refused.stderr)
        self.assertIn("kubectl create namespace later)", refused.stderr)
        self.assertEqual(self.names("crd"), [])
        self.assertNotEqual(self.helm("status", "slipway", check=False).returncode, 0)
        self.namespaces("later", "later-too")
        self.install(*values)
        for wrong, named in (("watchNamespaces={later,never}", "watchNamespaces: not in this cluster: never."),
                             ("metrics.dashboard.enabled=true,metrics.dashboard.namespace=never",
                              "metrics.dashboard.namespace: not in this cluster: never.")):
            refused = self.helm("upgrade", "slipway", CHART, "--reset-then-reuse-values", "--set", wrong, check=False)
            self.assertIn(named, refused.stderr)
        (release,) = json.loads(self.helm("history", "slipway", "-o", "json").stdout)
        self.assertEqual((release["revision"], release["status"]), (1, "deployed"))
        self.upgrade("--set", "metrics.dashboard.enabled=true,metrics.dashboard.namespace=later")
        self.assertEqual(self.names("configmaps", "-n", "later"), ["slipway-dashboard"])

    def test_monitoring_is_left_out_until_its_api_is_there(self):
        every = ["--set", ",".join(f"metrics.{one}.enabled=true" for one in
                                   ("podMonitor", "serviceMonitor", "prometheusRule", "dashboard"))]
        self.assertIn("LEFT OUT: PodMonitor", self.install(*every))
        have_monitoring(self.cluster)
        self.assertNotIn("LEFT OUT", self.upgrade())
        for plural in MONITORING:
            self.assertEqual(self.names(plural, "-n", NAMESPACE), ["slipway"])
        self.assertEqual(self.names("configmaps", "-n", NAMESPACE), ["slipway-dashboard"])


class ValuesTest(ClusterTest):
    """What the chart makes of values, as the API server judges it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.readme = (CHART / "README.md").read_text()
        cls.namespaces(NAMESPACE, "shop", "monitoring")
        cls.install()
        have_monitoring(cls.cluster)

    def try_out(self, rendered):
        return self.kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-",
                            stdin=rendered, check=False)

    def test_the_documented_combinations_are_taken(self):
        blocks = ["", "replicas: 3\nwatchNamespaces: [shop]\n", *re.findall(r"^```yaml\n(.*?)^```$", self.readme, re.M | re.S)]
        self.assertGreaterEqual(len(blocks), 8)
        for number, block in enumerate(blocks):
            values = self.cluster.folder / f"values-{number}.yaml"
            values.write_text(block)
            with self.subTest(block):
                rendered = self.helm("template", "slipway", CHART, *IMAGE, "-f", values, "--validate").stdout
                answer = self.try_out(rendered)
                self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_what_no_schema_knows_is_found_so(self):
        every = ",".join(f"metrics.{one}.enabled=true" for one in ("podMonitor", "serviceMonitor", "prometheusRule"))
        rendered = self.helm("template", "slipway", CHART, *IMAGE, "--set", every, "--validate").stdout
        for right, wrong in (("livenessProbe:", "livenesProbe:"), ("podMetricsEndpoints:", "podMetricsEndpoint:"),
                             (" endpoints:", " endpoint:"), ("expr:", "exp:")):
            with self.subTest(wrong):
                self.assertIn(right, rendered)
                answer = self.try_out(rendered.replace(right, wrong))
                self.assertIn(wrong[:-1].strip(), answer.stderr)
        self.assertNotEqual(answer.returncode, 0)

    def test_the_quota_counts_what_it_is_to_count(self):
        (command,) = re.findall(r"^```sh\nkubectl (-n TEAM create quota .*)\n```$", self.readme, re.M)
        self.kubectl(*command.replace("TEAM", "shop").split())
        self.addCleanup(self.kubectl, "delete", "quota", "slipway", "-n", "shop")
        hard = json.loads(self.kubectl("get", "quota", "slipway", "-n", "shop", "-o", "json").stdout)["spec"]["hard"]
        resources = {line.split()[0] for line in self.kubectl("api-resources", "-o", "name").stdout.splitlines()}
        self.assertEqual(len(hard), 2)
        self.assertLessEqual({name.removeprefix("count/") for name in hard}, resources)


class RightsTest(ClusterTest):
    """The controller's token, and people's roles."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.namespaces("shop", "other", "strict")
        cls.install("--set", "watchNamespaces={shop}")
        token = cls.kubectl("create", "token", "slipway", "-n", NAMESPACE).stdout.strip()
        cls.controller = cls.cluster.write_kubeconfig("controller", {"token": token})
        cls.kubectl("create", "serviceaccount", "nobody", "-n", NAMESPACE)
        cls.tenant = cls.cluster.kubeconfig_for("tenant", "/O=tenants/CN=tenant")
        cls.viewer = cls.cluster.kubeconfig_for("viewer", "/O=tenants/CN=viewer")
        cls.grant("edit", "tenant")
        cls.grant("view", "viewer")
        # The API server takes a right up after a moment.
        for verb, who in (("create", cls.tenant), ("get", cls.viewer)):
            settled(lambda: cls.kubectl("auth", "can-i", verb, "ipub", "-n", "shop", kubeconfig=who, check=False).returncode == 0)

    @classmethod
    def grant(cls, role, user):
        """Binds the role as it is once a controller manager, which does not run here, has aggregated the labelled ones."""
        label = f"rbac.authorization.k8s.io/aggregate-to-{role}=true"
        roles = cls.kubectl("get", "clusterroles", "-l", label, "-o", "jsonpath={.items[*].metadata.name}").stdout.split()
        assert any(name.startswith("slipway-") for name in roles), roles
        for one in roles:
            cls.kubectl("create", "rolebinding", f"{user}-{one.replace(':', '-')}", "-n", "shop", f"--clusterrole={one}",
                        f"--user={user}")

    def rights(self, kubeconfig, namespace):
        """(group, resource, verb) of every right there, less what anybody signed in has."""
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}
        answer = self.kubectl("create", "--raw", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "-f", "-",
                              stdin=json.dumps(review), kubeconfig=kubeconfig)
        status = json.loads(answer.stdout)["status"]
        self.assertFalse(status["incomplete"])
        every = {(group, resource, verb) for rule in status["resourceRules"] for group in rule["apiGroups"]
                 for resource in rule["resources"] for verb in rule["verbs"]}
        return {one for one in every if one[0] not in ("authorization.k8s.io", "authentication.k8s.io")}

    def test_the_controller_has_these_rights_and_no_other(self):
        def of(group, resources, verbs):
            return {(group, resource, verb) for resource in resources for verb in verbs}

        read = ("get", "list", "watch")
        kinds = ("containerregistries", "imagepublications", "retentionpolicies")
        everywhere = of("slipway.dev", kinds, read) | of("slipway.dev", [f"{kind}/status" for kind in kinds], ["patch"])
        everywhere |= of("slipway.dev", ["imagepublications"], ["patch", "delete"])
        everywhere |= of("events.k8s.io", ["events"], ["create", "patch"]) | of("", ["namespaces"], read)
        everywhere |= of("coordination.k8s.io", ["leases"], ["list"])
        everywhere |= of("rbac.authorization.k8s.io", ["clusterrolebindings"], ["list"])
        references = of("", ["secrets", "configmaps"], read)
        leases = of("coordination.k8s.io", ["leases"], ("create", "update", "delete"))
        self.assertEqual(self.rights(self.controller, "other"), everywhere)
        self.assertEqual(self.rights(self.controller, "shop"), everywhere | references)
        self.assertEqual(self.rights(self.controller, NAMESPACE), everywhere | references | leases)

    def test_who_looks_after_registries_may_do_all_with_them_and_no_more(self):
        for role, verbs in (("admin", ("get", "list", "watch", "create", "update", "patch", "delete")),
                            ("viewer", ("get", "list", "watch"))):
            user = self.cluster.kubeconfig_for(f"registry-{role}", f"/O=tenants/CN=registry-{role}")
            self.kubectl("create", "clusterrolebinding", f"registry-{role}", f"--clusterrole=slipway-registry-{role}",
                         f"--user=registry-{role}")
            wanted = {("slipway.dev", "containerregistries", verb) for verb in verbs}
            settled(lambda: self.rights(user, "shop") == wanted)

    def test_cluster_wide_is_secrets_and_config_maps_of_every_namespace(self):
        self.upgrade("--set-json", "watchNamespaces=[]", "--set", "clusterWide=true")
        self.addCleanup(settled, lambda: ("", "secrets", "watch") not in self.rights(self.controller, "other"))
        self.addCleanup(self.upgrade, "--set", "watchNamespaces={shop},clusterWide=false")
        settled(lambda: ("", "secrets", "watch") in self.rights(self.controller, "other"))
        self.assertEqual(self.names("roles", "-n", "shop"), [])
        self.assertNotIn(("coordination.k8s.io", "leases", "update"), self.rights(self.controller, "other"))

    def test_the_controller_acts_with_its_token(self):
        self.kubectl("apply", "-f", "-", stdin=REGISTRY)
        self.kubectl("apply", "-f", "-", stdin=PUBLICATION)
        status = json.dumps({"apiVersion": "slipway.dev/v1alpha1", "kind": "ImagePublication",
                             "metadata": {"name": "app", "namespace": "shop"}, "status": {"observedGeneration": 1}})
        self.kubectl("apply", "--server-side", "--subresource=status", "--field-manager=slipway", "-f", "-", stdin=status,
                     kubeconfig=self.controller)
        finalizer = ["patch", "ipub", "app", "-n", "shop", "--type=merge", "-p"]
        self.kubectl(*finalizer, '{"metadata":{"finalizers":["slipway.dev/untag"]}}', kubeconfig=self.controller)
        self.kubectl(*finalizer, '{"metadata":{"finalizers":null}}', kubeconfig=self.controller)
        for refused in (["get", "secrets", "-n", "other"], ["get", "configmaps", "-A"], ["get", "lease", "x", "-n", "shop"],
                        ["create", "secret", "generic", "x", "-n", "shop"], ["get", "pods", "-n", NAMESPACE],
                        ["patch", "acr", "contoso", "--type=merge", "-p", '{"spec":{"aliases":["a.example"]}}']):
            answer = self.kubectl(*refused, kubeconfig=self.controller, check=False)
            self.assertIn("forbidden", answer.stderr.lower(), refused)

    def test_the_controller_changes_no_spec_and_deletes_what_asks_for_it(self):
        self.kubectl("delete", "ipub", "--all", "-n", "shop")
        self.kubectl("apply", "-f", "-", stdin=PUBLICATION)
        edit = ["patch", "ipub", "app", "-n", "shop", "--type=merge", "-p"]
        suspended = [*edit, '{"spec":{"suspend":true}}']
        # The API server takes a policy up after a moment.
        settled(lambda: "never changes what people ask for" in self.kubectl(
            *suspended, "--dry-run=server", kubeconfig=self.controller, check=False).stderr)
        self.kubectl(*suspended)
        delete = ["delete", "ipub", "app", "-n", "shop"]
        answer = self.kubectl(*delete, kubeconfig=self.controller, check=False)
        self.assertIn("only objects with spec.ttlAfterPublished", answer.stderr)
        self.kubectl(*edit, '{"spec":{"ttlAfterPublished":"1h"}}')
        self.kubectl(*delete, kubeconfig=self.controller)

    def test_the_pod_is_taken_where_the_restricted_standard_is_enforced(self):
        self.kubectl("label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted")
        template = json.loads(self.kubectl("get", "deployment", "slipway", "-n", NAMESPACE, "-o", "json").stdout)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "slipway", "namespace": "strict"},
               "spec": template["spec"]["template"]["spec"]}
        self.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
        context = pod["spec"]["containers"][0]["securityContext"]
        self.assertTrue(context["readOnlyRootFilesystem"])
        context["allowPrivilegeEscalation"] = True
        # The API server takes a namespace's label up after a moment.
        settled(lambda: "violates PodSecurity" in self.kubectl(
            "create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod), check=False).stderr)

    def test_a_tenant_writes_publications_and_no_registries(self):
        self.kubectl("apply", "-f", "-", stdin=PUBLICATION, kubeconfig=self.tenant)
        answer = self.kubectl("apply", "-f", "-", stdin=PUBLICATION.replace("namespace: shop", "namespace: other"),
                              kubeconfig=self.tenant, check=False)
        self.assertIn("Forbidden", answer.stderr)
        answer = self.kubectl("create", "-f", "-", stdin=REGISTRY.replace("contoso}", "mine}"), kubeconfig=self.tenant,
                              check=False)
        self.assertIn('cannot create resource "containerregistries"', answer.stderr)
        answer = self.kubectl("patch", "ipub", "app", "-n", "shop", "--subresource=status", "--type=merge", "-p",
                              '{"status":{"observedGeneration":7}}', kubeconfig=self.tenant, check=False)
        self.assertIn("Forbidden", answer.stderr)

    def test_a_viewer_reads_and_writes_nothing(self):
        self.kubectl("apply", "-f", "-", stdin=PUBLICATION)
        self.assertIn("app", self.kubectl("get", "ipub", "-n", "shop", kubeconfig=self.viewer).stdout)
        answer = self.kubectl("delete", "ipub", "app", "-n", "shop", kubeconfig=self.viewer, check=False)
        self.assertIn("Forbidden", answer.stderr)

    def test_who_may_see_the_registries_is_said_by_a_role_of_its_own(self):
        self.kubectl("apply", "-f", "-", stdin=REGISTRY)
        answer = self.kubectl("get", "acr", kubeconfig=self.viewer, check=False)
        self.assertIn("Forbidden", answer.stderr)
        self.kubectl("create", "clusterrolebinding", "everybody", "--clusterrole=slipway-registry-viewer",
                     "--group=system:authenticated")
        self.addCleanup(self.kubectl, "delete", "clusterrolebinding", "everybody")
        settled(lambda: "contoso" in self.kubectl("get", "acr", kubeconfig=self.viewer, check=False).stdout)
        answer = self.kubectl("delete", "acr", "contoso", kubeconfig=self.viewer, check=False)
        self.assertIn("Forbidden", answer.stderr)


def policy(**changes):
    spec = {"registryRef": {"name": "contoso"}, "repositories": ["shop/**"],
            "rules": [{"name": "development", "match": {"tags": ["dev-*"]}, "expireAfter": "30d"}], **changes}
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": "RetentionPolicy",
            "metadata": {"name": "shop", "namespace": "shop"}, "spec": spec}


HELD = {"name": "court", "match": {"tags": ["v1.*"]}, "retain": {"legalHold": {"reason": "case 7"}}}
KEPT = {"name": "production", "match": {"environments": ["production"]}, "retain": {"atLeast": "7y"}}
RULES = policy()["spec"]["rules"]

# (what is tried, before (None: it is new), after, the verb that is missing (None: anybody who may write may))
GUARDED = [
    ("a new one in Preview", None, policy(), None),
    ("a new one that enforces", None, policy(mode="Enforce"), "enforce"),
    ("switching to Enforce", policy(), policy(mode="Enforce"), "enforce"),
    ("switching to Preview", policy(mode="Enforce"), policy(mode="Preview"), None),
    ("suspending one that enforces", policy(mode="Enforce"), policy(mode="Enforce", suspend=True), None),
    ("resuming one that enforces", policy(mode="Enforce", suspend=True), policy(mode="Enforce", suspend=False), "enforce"),
    ("resuming one in Preview", policy(suspend=True), policy(), None),
    ("editing one that enforces and stays suspended", policy(mode="Enforce", suspend=True),
     policy(mode="Enforce", suspend=True, limits={"maxDeletions": 1}), None),
    ("widening one that enforces", policy(mode="Enforce"), policy(mode="Enforce", repositories=["**"]), "enforce"),
    ("a shorter time in one that enforces", policy(mode="Enforce"),
     policy(mode="Enforce", rules=[{**RULES[0], "expireAfter": "1d"}]), "enforce"),
    ("a shorter grace period in one that enforces", policy(mode="Enforce"), policy(mode="Enforce", gracePeriod="1d"),
     "enforce"),
    ("more often, in one that enforces", policy(mode="Enforce"), policy(mode="Enforce", schedule={"cron": "* * * * *"}),
     "enforce"),
    ("untagged manifests too, in one that enforces", policy(mode="Enforce"),
     policy(mode="Enforce", untagged={"expireAfter": "1d"}), "enforce"),
    ("no protection any more in one that enforces", policy(mode="Enforce", protect={"tags": ["v*"]}),
     policy(mode="Enforce"), "enforce"),
    ("a shorter time in Preview", policy(), policy(rules=[{**RULES[0], "expireAfter": "1d"}]), None),
    ("new limits as they are by default", None, policy(limits={"maxDeletions": 100, "maxPercent": 10}), None),
    ("a new one with more deletions", None, policy(limits={"maxDeletions": 101}), "raise-limits"),
    ("a new one with a larger share", None, policy(limits={"maxPercent": 11}), "raise-limits"),
    ("lower limits", policy(), policy(limits={"maxDeletions": 1, "maxPercent": 1}), None),
    ("limits raised by one", policy(limits={"maxDeletions": 5}), policy(limits={"maxDeletions": 6}), "raise-limits"),
    ("a share raised by one", policy(limits={"maxPercent": 5}), policy(limits={"maxPercent": 6}), "raise-limits"),
    ("limits left out, which raises them", policy(limits={"maxDeletions": 5}), policy(), "raise-limits"),
    ("limits that stay high", policy(limits={"maxDeletions": 500}),
     policy(limits={"maxDeletions": 500}, repositories=["shop/*"]), None),
    ("a new hold", policy(), policy(rules=[HELD]), None),
    ("another reason for a hold", policy(rules=[HELD]),
     policy(rules=[{**HELD, "retain": {"legalHold": {"reason": "case 7, appeal"}}}]), None),
    ("a rule beside a hold", policy(rules=[HELD]), policy(rules=[*RULES, HELD]), None),
    ("one of the same match before a hold, which holds wherever it stands", policy(rules=[HELD]),
     policy(rules=[{"name": "first", "match": HELD["match"], "expireAfter": "1d"}, HELD]), None),
    ("removing a hold", policy(rules=[HELD]), policy(), "lift-hold"),
    ("no rules at all any more", policy(rules=[HELD]), policy(rules=[]), "lift-hold"),
    ("narrowing what is held", policy(rules=[HELD]), policy(rules=[{**HELD, "match": {"tags": ["v1.0"]}}]), "lift-hold"),
    ("a hold for a time instead", policy(rules=[HELD]), policy(rules=[{**HELD, "retain": {"atLeast": "1d"}}]), "lift-hold"),
    ("a shorter retention", policy(rules=[KEPT]), policy(rules=[{**KEPT, "retain": {"atLeast": "1y"}}]), "lift-hold"),
    ("a longer retention", policy(rules=[KEPT]), policy(rules=[{**KEPT, "retain": {"atLeast": "10y"}}]), None),
    ("a longer retention in another unit, which nobody compares", policy(rules=[KEPT]),
     policy(rules=[{**KEPT, "retain": {"atLeast": "9999d"}}]), "lift-hold"),
    ("a shorter retention of two units", policy(rules=[{**KEPT, "retain": {"atLeast": "7y1d"}}]),
     policy(rules=[{**KEPT, "retain": {"atLeast": "6y9d"}}]), "lift-hold"),
    ("a legal hold on top of a retention", policy(rules=[KEPT]), policy(rules=[{**KEPT, "retain": HELD["retain"]}]), None),
    ("a hold in fewer repositories", policy(rules=[HELD], repositories=["a", "b"]),
     policy(rules=[HELD], repositories=["a"]), "lift-hold"),
    ("a hold in more repositories", policy(rules=[HELD], repositories=["a"]),
     policy(rules=[HELD], repositories=["a", "b"]), None),
    ("deleting one that holds", policy(rules=[HELD]), None, "lift-hold"),
    ("deleting one that doesn't", policy(mode="Enforce"), None, None),
]


class RetentionGuardTest(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.namespaces("shop", "leaving")
        cls.install()
        cls.tenant = cls.cluster.kubeconfig_for("guarded", "/O=guarded/CN=guarded")
        cls.approver = cls.cluster.kubeconfig_for("approver", "/O=approvers/CN=approver")
        for namespace in ("shop", "leaving"):
            cls.kubectl("create", "rolebinding", "edit", "-n", namespace, "--clusterrole=slipway-edit", "--user=guarded")
            cls.kubectl("create", "rolebinding", "view", "-n", namespace, "--clusterrole=slipway-view", "--user=guarded")
        cls.kubectl("create", "rolebinding", "approver", "-n", "shop", "--clusterrole=slipway-retention-approver",
                    "--user=approver")
        # The API server takes a new policy up after a moment.
        settled(lambda: "ValidatingAdmissionPolicy 'slipway-retention'" in cls.write(
            policy(mode="Enforce"), cls.tenant, "--dry-run=server").stderr)
        settled(lambda: cls.write(policy(mode="Enforce"), cls.approver, "--dry-run=server").returncode == 0)

    @classmethod
    def write(cls, resource, who, *arguments):
        return cls.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=test", *arguments, "-f", "-",
                           stdin=json.dumps(resource), kubeconfig=who, check=False)

    def attempt(self, before, after, who):
        self.kubectl("delete", "retpol", "shop", "-n", "shop", "--ignore-not-found")
        if before:
            self.assertEqual(self.write(before, self.cluster.kubeconfig).returncode, 0)
        if after:
            return self.write(after, who)
        return self.kubectl("delete", "retpol", "shop", "-n", "shop", kubeconfig=who, check=False)

    def test_who_may_write_what(self):
        for what, before, after, verb in GUARDED:
            with self.subTest(what):
                answer = self.attempt(before, after, self.tenant)
                if verb is None:
                    self.assertEqual(answer.returncode, 0, answer.stderr)
                    continue
                self.assertNotEqual(answer.returncode, 0, answer.stdout)
                self.assertIn("ValidatingAdmissionPolicy 'slipway-retention'", answer.stderr)
                self.assertIn(f"needs the verb {verb} on retentionpolicies", answer.stderr)
                self.assertIn("ClusterRole slipway-retention-approver", answer.stderr)
                answer = self.attempt(before, after, self.approver)
                self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_the_message_names_the_hold(self):
        answer = self.attempt(policy(rules=[HELD, KEPT]), policy(), self.tenant)
        self.assertIn("lifting the hold of court, production", answer.stderr)

    def test_metadata_of_one_that_enforces_is_anybodys_who_may_write(self):
        self.attempt(None, policy(mode="Enforce", rules=[HELD], limits={"maxDeletions": 500}), self.cluster.kubeconfig)
        self.kubectl("annotate", "retpol", "shop", "-n", "shop", "slipway.dev/reconcile-requested-at=now",
                     kubeconfig=self.tenant)

    def test_deleting_a_whole_collection_spares_what_holds(self):
        self.attempt(None, policy(rules=[HELD]), self.cluster.kubeconfig)
        answer = self.kubectl("delete", "--raw", "/apis/slipway.dev/v1alpha1/namespaces/shop/retentionpolicies",
                              kubeconfig=self.tenant, check=False)
        self.assertIn("lifting the hold of court", answer.stderr)
        self.assertEqual(self.names("retpol", "-n", "shop"), ["shop"])

    def test_the_largest_policy_can_be_judged(self):
        """CEL has a budget; what exceeds it would be refused whoever asks."""
        tags = [f"{number:02d}-{'x' * 100}" for number in range(64)]
        rules = [{"name": f"rule-{number}", "match": {"tags": tags}, "retain": {"atLeast": "7y"}} for number in range(64)]
        before = policy(mode="Enforce", rules=rules, repositories=[f"shop/{tag}" for tag in tags])
        answer = self.attempt(before, {**before, "spec": {**before["spec"], "suspend": True}}, self.tenant)
        self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_a_name_that_the_server_makes(self):
        resource = policy(mode="Enforce")
        resource["metadata"] = {"generateName": "shop-", "namespace": "shop"}
        create = ["create", "--dry-run=server", "-f", "-"]
        answer = self.kubectl(*create, stdin=json.dumps(resource), kubeconfig=self.tenant, check=False)
        self.assertIn("needs the verb enforce", answer.stderr)
        self.kubectl(*create, stdin=json.dumps(resource), kubeconfig=self.approver)

    def test_a_namespace_that_is_deleted_is_not_held_up(self):
        held = policy(rules=[HELD])
        held["metadata"]["namespace"] = "leaving"
        self.assertEqual(self.write(held, self.cluster.kubeconfig).returncode, 0)
        self.kubectl("delete", "namespace", "leaving", "--wait=false")
        delete = ["delete", "retpol", "shop", "-n", "leaving"]
        settled(lambda: self.kubectl(*delete, kubeconfig=self.tenant, check=False).returncode == 0)
        self.assertEqual(self.names("retpol", "-n", "leaving"), [])


if __name__ == "__main__":
    SLIPWAY = sys.argv[1]
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
