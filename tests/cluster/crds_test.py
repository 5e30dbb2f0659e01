#!/usr/bin/env python3
"""The resources as kubectl and a real API server see them: what is taken, what is refused and with which words.

crds_test.py SLIPWAY [TEST...]
"""
import json
import pathlib
import re
import subprocess
import sys
import unittest

from api_server import CRDS, HERE, programs, temporary_cluster

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLIPWAY = None

PUBLICATION = """
apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {name: app, namespace: shop}
spec:
  registryRef: {name: contoso}
  repository: shop/app
  environment: staging
  source:
    image: {reference: "ghcr.io/contoso/app:1"}
  build: {commit: 4f2a91c0, number: 812, version: 1.8.2}
  tags:
    - {name: commit, template: "{{commit:7}}"}
    - {name: env, template: "{{environment}}", mutability: Moving}
  gates:
    scan: {reports: [{name: all, configMapRef: {name: scan, key: report.json}}], allowUpTo: High, maxAge: 24h}
  interval: 1h
"""

EVERY_VARIABLE = PUBLICATION.replace(
    "version: 1.8.2", "version: 1.8.2, branch: main, builtAt: '2024-02-29T23:59:59.5+01:00', labels: {pr: '7', a.b/c: x}").replace(
    "{{commit:7}}", "{{ commit : 007 }}-v{{major}}.{{minor}}.{{patch}}-{{version}}-{{number}}-{{branch:1}}-{{date}}"
    "-{{digest:128}}-{{labels.pr}}-{{labels.a.b/c:2}}.")

TARGETS = PUBLICATION.replace("  interval:", """  deploymentTargets:
    - {kind: Deployment, name: shop, namespace: shop, cluster: eu}
    - {kind: Deployment, name: shop, namespace: shop, cluster: us}
  interval:""")

# What its tags need is not given, but each is optional; the longest time, and a day that few years have.
NOTHING_GIVEN = """
apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {name: app, namespace: shop}
spec:
  registryRef: {name: contoso}
  repository: shop/app
  source: {image: {reference: "localhost/app:1"}}
  tags:
    - {name: all, optional: true, template: "{{commit}}{{version}}{{major}}{{number}}{{environment}}{{branch}}{{date}}{{labels.x}}"}
  rollback: {digest: "sha256:%s", reason: x, until: '2028-02-29'}
  interval: 1000y
""" % ("a" * 64)

REGISTRY = """
apiVersion: slipway.dev/v1alpha1
kind: ContainerRegistry
metadata: {name: contoso}
spec:
  loginServer: contoso.azurecr.io
  authentication: {anonymous: {}}
  access:
    - {name: shop, namespaceSelector: {}, repositories: ["shop/**"], actions: [Read, Publish]}
"""

POLICY = """
apiVersion: slipway.dev/v1alpha1
kind: RetentionPolicy
metadata: {name: shop, namespace: shop}
spec:
  registryRef: {name: contoso}
  repositories: ["shop/**"]
  schedule: {cron: "0 3 * * *", timeZone: Europe/Berlin}
  rules:
    - {name: development, match: {tags: ["dev-*"]}, expireAfter: 30d, keepLast: 2}
"""

# Every spelling of this machine, of a quantity, the longest names, and names of time zones of earlier days.
TAKEN_BY_BOTH = [
    *(REGISTRY.replace("{name: contoso}", "{name: local}").replace("contoso.azurecr.io", f"'{host}'\n  plainHTTP: true")
      for host in ("localhost:5000", "127.1.2.3", "[::1]:5000", "[0:0:0:0:0:0:0:1]:5000", "[0::0:0001]:5000",
                   "[::ffff:127.0.0.1]:5000", "[0:0:0:0:0:FFFF:7f00:1]")),
    *(REGISTRY.replace("authentication:", f"transfer: {{maxBandwidth: {quantity}}}\n  budget: {{storage: {quantity}}}\n  authentication:")
      for quantity in ("1.5Gi", "1Pi", "7E", "0.5M", ".5Ki", "'50000000'")),
    *(PUBLICATION.replace("ghcr.io/contoso/app:1", reference)
      for reference in ("ghcr.io/" + "a" * 255 + ":1", "localhost/" + "a" * 255, "a" * 255, "team/" + "a" * 250 + ":1")),
    *(POLICY.replace("Europe/Berlin", zone) for zone in ("UTC", "US/Eastern", "EST5EDT", "GMT+0", "W-SU")),
]

# (resource, what stands there, what is written instead, the field that both name)
REFUSED_BY_BOTH = [
    (PUBLICATION, "repository: shop/app", "repositry: shop/app", "spec.repositry"),
    (PUBLICATION, "repository: shop/app", "repository: Shop/App", "spec.repository"),
    (PUBLICATION, "repository: shop/app", "repository: ''", "spec.repository"),
    (PUBLICATION, "registryRef: {name: contoso}", "registryRef: {}", "spec.registryRef.name"),
    (PUBLICATION, "mutability: Moving", "mutability: moving", "spec.tags[1].mutability"),
    (PUBLICATION, "number: 812", "number: -1", "spec.build.number"),
    (PUBLICATION, "number: 812", "number: many", "spec.build.number"),
    (PUBLICATION, "allowUpTo: High", "allowUpTo: Highest", "spec.gates.scan.allowUpTo"),
    (PUBLICATION, "maxAge: 24h", "maxAge: a day", "spec.gates.scan.maxAge"),
    (PUBLICATION, "interval: 1h", "interval: 0s", "spec.interval"),
    (PUBLICATION, 'image: {reference: "ghcr.io/contoso/app:1"}', "{}", "spec.source"),
    (PUBLICATION, 'image: {reference: "ghcr.io/contoso/app:1"}',
     'image: {reference: "ghcr.io/contoso/app:1"}\n    ociLayout: {path: x}', "spec.source"),
    (PUBLICATION, '"ghcr.io/contoso/app:1"', '"ghcr.io/contoso/app:1", plainHTTP: true', "spec.source.image"),
    (PUBLICATION, "interval: 1h", "ttlAfterPublished: 1h\n  deletionPolicy: Untag", "spec"),
    (PUBLICATION, "{name: env, template: ", "{name: commit, template: ", "spec.tags[1]"),
    (PUBLICATION, "{{commit:7}}", "sha256-" + "a" * 64, "spec.tags[0]"),
    (REGISTRY, "loginServer: contoso.azurecr.io", "loginServer: https://contoso.azurecr.io", "spec.loginServer"),
    (REGISTRY, "{anonymous: {}}", "{}", "spec.authentication"),
    (REGISTRY, "{anonymous: {}}", "{anonymous: {}, basic: {secretRef: {name: a}}}", "spec.authentication"),
    (REGISTRY, "contoso.azurecr.io", "contoso.azurecr.io\n  plainHTTP: true", "spec"),
    (REGISTRY, "actions: [Read, Publish]", "actions: [Write]", "spec.access[0].actions[0]"),
    (REGISTRY, "authentication:", "transfer: {concurrency: 65}\n  authentication:", "spec.transfer.concurrency"),
    (REGISTRY, "contoso.azurecr.io", "contoso.azurecr.io:99999", "spec.loginServer"),
    (REGISTRY, "contoso.azurecr.io", "contoso.azurecr.io\n  aliases: [a.example, 'a.example:0']", "spec.aliases[1]"),
    (REGISTRY, "contoso.azurecr.io", "contoso.azurecr.io\n  aliases: ['a.example:65536']", "spec.aliases[0]"),
    (REGISTRY, "contoso.azurecr.io", "contoso.azurecr.io\n  aliases: ['localhost:05000']", "spec.aliases[0]"),
    (REGISTRY, "contoso.azurecr.io", "'127.00.0.1:5'\n  plainHTTP: true", "spec"),
    (REGISTRY, "contoso.azurecr.io", "'[::2]:5000'\n  plainHTTP: true", "spec"),
    (REGISTRY, "contoso.azurecr.io", "'[::ffff:10.0.0.1]:5000'\n  plainHTTP: true", "spec"),
    (PUBLICATION, "ghcr.io/contoso/app:1", "a" * 256, "spec.source.image"),
    (PUBLICATION, "ghcr.io/contoso/app:1", "ghcr.io/" + "a" * 256 + ":1", "spec.source.image"),
    (PUBLICATION, "ghcr.io/contoso/app:1", "LocalHost/" + "a" * 256, "spec.source.image"),
    (PUBLICATION, "ghcr.io/contoso/app:1", "team/" + "a" * 251 + "@sha256:" + "a" * 64, "spec.source.image"),
    (REGISTRY, "authentication:", "transfer: {maxBandwidth: '0.0M'}\n  authentication:", "spec.transfer.maxBandwidth"),
    (REGISTRY, "authentication:", "transfer: {maxBandwidth: 1e6k}\n  authentication:", "spec.transfer.maxBandwidth"),
    (REGISTRY, "authentication:", "transfer: {maxBandwidth: 500000}\n  authentication:", "spec.transfer.maxBandwidth"),
    (REGISTRY, "authentication:", "budget: {storage: 1.5 Gi}\n  authentication:", "spec.budget.storage"),
    (REGISTRY, "contoso.azurecr.io", "127.0.0.999:5\n  plainHTTP: true", "spec"),
    (REGISTRY, '"shop/**"', '"shop/{a,b}"', "spec.access[0].repositories[0]"),
    (REGISTRY, '"shop/**"', '"shop/["', "spec.access[0].repositories[0]"),
    (REGISTRY, '"shop/**"', '"shop/**", "!shop"', "spec.access[0].repositories[1]"),
    (REGISTRY, "actions: [Read", 'sources: ["ghcr.io/?"], actions: [Read', "spec.access[0].sources[0]"),
    (REGISTRY, "actions: [Read", "gates: {}, actions: [Read", "spec.access[0].gates"),
    (PUBLICATION, "gates:\n    scan: ", "gates: {}\n  # ", "spec.gates"),
    (REGISTRY, "actions: [Read", "gates: {scan: }, actions: [Read", "spec.access[0].gates"),
    (REGISTRY, "actions: [Read", "gates: {signatures: []}, actions: [Read", "spec.access[0].gates.signatures"),
    (PUBLICATION, "gates:\n    scan: ", "gates: {scan: }\n  # ", "spec.gates"),
    (PUBLICATION, "gates:\n    scan: ", "gates: {signatures: []}\n  # ", "spec.gates.signatures"),
    (PUBLICATION, "ghcr.io/contoso/app:1", "ghcr.io:0/contoso/app:1", "spec.source.image"),
    (PUBLICATION, '"ghcr.io/contoso/app:1"', '"127.0.0.999:5/a:1", plainHTTP: true', "spec.source.image"),
    (PUBLICATION, 'app:1"}', 'app@sha256:' + "a" * 64 + '"}\n    digest: sha256:' + "b" * 64, "spec.source"),
    (PUBLICATION, "number: 812", "number: 812, labels: {'': x}", "spec.build"),
    (PUBLICATION, "{{commit:7}}", "{{commit", "spec.tags[0]"),
    (PUBLICATION, "{{commit:7}}", "commit}}", "spec.tags[0]"),
    (PUBLICATION, "{{commit:7}}", "{{}}", "spec.tags[0]"),
    (PUBLICATION, "{{commit:7}}", "{{{commit}}}", "spec.tags[0]"),
    (PUBLICATION, "{{commit:7}}", ".x", "spec.tags[0]"),
    (PUBLICATION, "{{commit:7}}", "x/{{commit}}", "spec.tags[0]"),
    (POLICY, "keepLast: 2", "keepLast: -1", "spec.rules[0].keepLast"),
    (POLICY, "0 3 * * *", "0 3 * *", "spec.schedule"),
    (POLICY, '"dev-*"', '"["', "spec.rules[0].match.tags[0]"),
    (POLICY, "  schedule:", '  protect: {tags: ["["]}\n  schedule:', "spec.protect.tags[0]"),
    (POLICY, "expireAfter: 30d", "expireAfter: 30", "spec.rules[0].expireAfter"),
    (PUBLICATION, 'app:1"}', 'app@sha256:' + "a" * 64 + '"}\n    follow: true', "spec.source"),
    (PUBLICATION, 'app:1"}', 'app:1", pullSecretRef: {name: a}, registryRef: {name: b}}', "spec.source.image"),
    (PUBLICATION, 'app:1"}', 'app:1"}\n    platforms: []', "spec.source.platforms"),
    (PUBLICATION, "{{commit:7}}", "{{comit}}", "spec.tags[0]"),
    (PUBLICATION, "{{commit:7}}", "{{commit:200}}", "spec.tags[0]"),
    (PUBLICATION, "{{commit:7}}", "{{version:3}}", "spec.tags[0]"),
    (PUBLICATION, "{{commit:7}}", "{{labels.}}", "spec.tags[0]"),
    (PUBLICATION, "{{commit:7}}", "{{branch}}", "spec"),
    (PUBLICATION, "{{commit:7}}", "{{date}}", "spec"),
    (PUBLICATION, "{{commit:7}}", "{{labels.pr}}", "spec"),
    (PUBLICATION, "{{commit:7}}", "a" * 129, "spec.tags[0]"),
    (PUBLICATION, "{{commit:7}}", "{{environment}}", "spec"),
    (PUBLICATION, "commit: 4f2a91c0", "commit: ~", "spec"),
    (PUBLICATION, "ghcr.io/contoso", "gh_cr.io/contoso", "spec.source.image"),
    (PUBLICATION, "interval: 1h", "interval: 100000y", "spec.interval"),
    (PUBLICATION, "interval: 1h", "rollback: {digest: sha256:" + "a" * 64 + ", reason: x, until: '2026-02-30'}",
     "spec.rollback.until"),
    (REGISTRY, "actions: [Read", "gates: {scan: {exceptions: [{id: CVE-1, reason: x, until: '2026-02-30'}]}}, actions: [Read",
     "spec.access[0].gates.scan.exceptions[0].until"),
    (PUBLICATION, "environment: staging", "# ", "spec"),
    (PUBLICATION, "interval: 1h", "rollback: {digest: sha256:" + "a" * 64 + ", reason: x, until: '2100-02-29'}",
     "spec.rollback.until"),
    (PUBLICATION, "interval: 1h", "rollback: {digest: sha256:" + "a" * 64 + ", reason: x, until: '2026-12-31T24:00:00Z'}",
     "spec.rollback.until"),
    (PUBLICATION.replace("version: 1.8.2", "branch: ''"), "{{commit:7}}", "{{branch:3}}", "spec"),
    (PUBLICATION.replace("number: 812, ", ""), "{{commit:7}}", "b{{ number }}", "spec"),
    (PUBLICATION.replace(", version: 1.8.2", ""), "{{commit:7}}", "v{{major}}", "spec"),
    (PUBLICATION.replace("version: 1.8.2", "labels: {pr: ''}"), "{{commit:7}}", "{{labels.pr:4}}", "spec"),
    *((REGISTRY, "namespaceSelector: {}", f"namespaceSelector: {{matchLabels: {{{label}}}}}",
       "spec.access[0].namespaceSelector.matchLabels")
      for label in ("team: -shop", "team: shop.", "team: _", "team: the shop", "team: größe")),
    *((REGISTRY, "namespaceSelector: {}", f"namespaceSelector: {{matchLabels: {{{key}: shop}}}}",
       "spec.access[0].namespaceSelector.matchLabels") for key in ("te am", "A.b/team", "team_", "''")),
    *((REGISTRY, "namespaceSelector: {}", f"namespaceSelector: {{matchExpressions: [{{key: {key}, operator: Exists}}]}}",
       "spec.access[0].namespaceSelector.matchExpressions[0].key") for key in ("-team", "te am", "A.b/team", "a-.b/team", "a/b/c")),
    *((REGISTRY, "namespaceSelector: {}",
       f"namespaceSelector: {{matchExpressions: [{{key: team, operator: In, values: [ok, '{value}']}}]}}",
       "spec.access[0].namespaceSelector.matchExpressions[0].values[1]")
      for value in ("-shop", "shop-", "_shop", "shop_", ".", "the shop", "shop/app", "größe")),
    *((POLICY, "Europe/Berlin", zone, "spec.schedule.timeZone")
      for zone in ("Europe Berlin", "/Berlin", "Europe/", "Europe/Berlin@", "'Europe/Berlin '")),
]

# What a schema and CEL can't say within their budget: what a template becomes, lengths, years and quantities reckoned up,
# addresses, cron, time zones, regular expressions. The controller says it with the words of `slipway validate`.
LONG_HOST = ".".join(["a" * 63] * 3 + ["b" * 62])  # 254 characters; its port may make a field longer than a host.
REFUSED_BY_SLIPWAY_ALONE = [
    (PUBLICATION, "{{commit:7}}", "a" * 129 + "{{commit}}", "spec.tags[0].template"),
    (PUBLICATION, "{{commit:7}}", "staging", "spec.tags[1]"),
    (PUBLICATION, "interval: 1h", "interval: 999y366d", "spec.interval"),
    (PUBLICATION, "interval: 1h", "rollback: {digest: sha256:" + "a" * 64 + ", reason: x, until: '0000-01-01'}",
     "spec.rollback.until"),
    (PUBLICATION, "number: 812", "number: 1e3", "spec.build.number"),
    (PUBLICATION, "ghcr.io/contoso", "[::::]/contoso", "spec.source.image.reference"),
    (REGISTRY, "{name: contoso}\nspec:\n  loginServer: contoso.azurecr.io",
     "{name: other}\nspec:\n  loginServer: '[1::2::3]'", "spec.loginServer"),
    (REGISTRY, "{name: contoso}\nspec:\n  loginServer: contoso.azurecr.io",
     f"{{name: other}}\nspec:\n  loginServer: {LONG_HOST}", "spec.loginServer"),
    (REGISTRY, "namespaceSelector: {}", f"namespaceSelector: {{matchLabels: {{{LONG_HOST}/team: a}}}}",
     "spec.access[0].namespaceSelector.matchLabels"),
    (REGISTRY, "authentication:", "transfer: {maxBandwidth: 9001P}\n  authentication:", "spec.transfer.maxBandwidth"),
    (REGISTRY, "authentication:", "transfer: {maxBandwidth: '0.5'}\n  authentication:", "spec.transfer.maxBandwidth"),
    (POLICY, "0 3 * * *", "0 25 * * *", "spec.schedule.cron"),
    (POLICY, "0 3 * * *", "*/0 3 * * *", "spec.schedule.cron"),
    (POLICY, "0 3 * * *", "0 3 31 2 *", "spec.schedule.cron"),
    (POLICY, "0 3 * * *", "0 3 L * *", "spec.schedule.cron"),
    (POLICY, "Europe/Berlin", "europe/berlin", "spec.schedule.timeZone"),
    (POLICY, "Europe/Berlin", "Europe/Berln", "spec.schedule.timeZone"),
    (POLICY, 'tags: ["dev-*"]', 'tagRegexes: ["("]', "spec.rules[0].match.tagRegexes[0]"),
]

# CEL adds no hours and minutes up.
REFUSED_BY_THE_API_SERVER_ALONE = [
    (POLICY, "expireAfter: 30d", "expireAfter: 23h60m", "spec.rules[0].expireAfter"),
]


# (resource, what stands there, what is written instead, what the API server says to write)
SAID_BY_THE_API_SERVER = [
    (PUBLICATION, "interval: 1h", "interval: 5 min", "write whole numbers with a unit, largest unit first, e.g. 90s"),
    (PUBLICATION, "version: 1.8.2", "version: v1.10.0",
     "write three numbers with dots between them and no letter in front, e.g. "),
    (PUBLICATION, "repository: shop/app", "repository: Team/x", "write lower-case letters"),
    (PUBLICATION, "ghcr.io/contoso/app:1", "http://a.io/b:1", "leave out what stands before the host"),
    (PUBLICATION, 'image: {reference: "ghcr.io/contoso/app:1"}',
     'image: {reference: "ghcr.io/contoso/app:1"}\n    digest: sha256:1', "64 "),
    (PUBLICATION, 'image: {reference: "ghcr.io/contoso/app:1"}',
     'image: {reference: "ghcr.io/contoso/app:1"}\n    platforms: [amd64]', "e.g. linux/amd64"),
    (PUBLICATION, "interval: 1h", "rollback: {digest: sha256:" + "a" * 64 + ", reason: x, until: tomorrow}",
     "write a date (2026-12-31, through the end of that day UTC)"),
    (REGISTRY, "contoso.azurecr.io", "https://contoso.azurecr.io", "write the host"),
    (REGISTRY, '"shop/**"', '"shop/{a,b}"', "everything else is itself"),
    (PUBLICATION, "ghcr.io/contoso/app:1", "ghcr.io:70000/contoso/app:1", "write a port between 1 and 65535"),
    (PUBLICATION, "{{commit:7}}", "{{commit", "variables in double braces"),
    (POLICY, "expireAfter: 30d", 'expireAfter: "30"', "write whole numbers with a unit"),
    (POLICY, "Europe/Berlin", "Europe Berlin", "write an IANA name, e.g. Europe/Berlin or UTC"),
    (REGISTRY, "namespaceSelector: {}", "namespaceSelector: {matchLabels: {team: -shop}}",
     "write up to 63 letters, digits, '-', '_' and '.', with a letter or a digit at both ends"),
    (REGISTRY, "namespaceSelector: {}", "namespaceSelector: {matchLabels: {team: shop, te am: shop}}",
     "'te am' is not the key of a label; write letters, digits, '-', '_' and '.', if need be after a domain and a '/'"),
    (REGISTRY, "namespaceSelector: {}", "namespaceSelector: {matchExpressions: [{key: -team, operator: Exists}]}",
     "write letters, digits, '-', '_' and '.', if need be after a domain and a '/'"),
    (PUBLICATION.replace("commit: 4f2a91c0, ", ""), "name: env", "name: env",
     "the template of tag 'commit' needs spec.build.commit, which is not given; give it, or write optional: true"),
    (PUBLICATION, "environment: staging", "# ", "the template of tag 'env' needs spec.environment, which is not given"),
    (PUBLICATION, "{{environment}}", "v{{ minor }}-{{labels.a.b/c}}-{{ labels.pr:4}}",
     "the template of tag 'env' needs spec.build.labels.a.b/c, which is not given; give it, or write optional: true"),
    (PUBLICATION.replace("version: 1.8.2", "labels: {a.b/c: x, pr: ''}"), "{{environment}}", "{{labels.a.b/c}}-{{ labels.pr:4}}",
     "the template of tag 'env' needs spec.build.labels.pr, which is not given; give it, or write optional: true"),
    (PUBLICATION, "{{environment}}", "{{commit:7}}",
     "the tags 'commit' and 'env' have the same template; write another template, or remove one of them"),
]


def changed(text, there, instead):
    if there not in text:
        raise AssertionError(f"{there!r} does not stand in the resource")
    return text.replace(there, instead, 1)


class CrdsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = temporary_cluster(cls)
        cls.kubectl = cls.cluster.kubectl
        cls.cluster.apply_crds()
        cls.kubectl("create", "namespace", "shop")

    def dry_run(self, text):
        """kubectl as it is by default: fields that are not known are refused."""
        return self.kubectl("apply", "--dry-run=server", "-f", "-", stdin=text, check=False)

    def validate(self, text):
        return subprocess.run([SLIPWAY, "validate", "-f", "-"], input=text, capture_output=True, text=True)

    def assert_invalid(self, text, field):
        """`slipway validate` refuses it and names the field."""
        alone = self.validate(text)
        self.assertEqual(alone.returncode, 2, alone.stdout)
        self.assertIn(field, alone.stderr)

    def test_what_is_right_is_taken_by_both(self):
        for text in (PUBLICATION, REGISTRY, POLICY, EVERY_VARIABLE, TARGETS, NOTHING_GIVEN, *TAKEN_BY_BOTH):
            self.assertEqual(self.validate(text).returncode, 0, self.validate(text).stderr)
            answer = self.dry_run(text)
            self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_the_examples_are_taken(self):
        for name in ("registry.yaml", "retention.yaml"):
            answer = self.dry_run((ROOT / "examples" / name).read_text())
            self.assertEqual(answer.returncode, 0, answer.stderr)
        # The one that reads its reports from files is of a folder; a cluster says so.
        answer = self.dry_run((ROOT / "examples/publication.yaml").read_text())
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("from files outside a cluster only", answer.stderr)

    def test_the_example_for_argo_cd_is_taken(self):
        self.cluster.apply_crds(programs("schemas") / "crds/argocd")
        self.kubectl("create", "namespace", "argocd")
        text = (ROOT / "examples/gitops/argocd/applications.yaml").read_text()
        answer = self.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=text)
        self.assertEqual(answer.stdout.count("created"), text.count("\n---\n") + 1)
        answer = self.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-",
                              stdin=text.replace("selfHeal:", "selfHeals:"), check=False)
        self.assertIn("selfHeals", answer.stderr)

    def test_both_refuse_the_same_field(self):
        for text, there, instead, field in REFUSED_BY_BOTH:
            with self.subTest(instead=instead):
                wrong = changed(text, there, instead)
                self.assert_invalid(wrong, field)
                answer = self.dry_run(wrong)
                self.assertNotEqual(answer.returncode, 0, answer.stdout)
                self.assertIn(field, answer.stderr)
                self.assertNotIn("should match", answer.stderr)

    def test_the_api_server_says_what_to_write(self):
        for text, there, instead, words in SAID_BY_THE_API_SERVER:
            with self.subTest(instead=instead):
                wrong = changed(text, there, instead)
                self.assert_invalid(wrong, "spec.")
                answer = self.dry_run(wrong)
                self.assertNotEqual(answer.returncode, 0, answer.stdout)
                self.assertIn(words, answer.stderr)
                self.assertNotIn("should match", answer.stderr)

    def test_a_source_that_is_none_is_told_once(self):
        answer = self.dry_run(changed(PUBLICATION, '\n    image: {reference: "ghcr.io/contoso/app:1"}', " {}"))
        self.assertIn("give exactly one of image", answer.stderr)
        self.assertNotIn("outside a cluster", answer.stderr)
        answer = self.dry_run(changed(PUBLICATION, 'image: {reference: "ghcr.io/contoso/app:1"}', "ociLayout: {path: image}"))
        self.assertIn("files are sources outside a cluster only", answer.stderr)

    def test_what_the_api_server_cannot_judge(self):
        for text, there, instead, field in REFUSED_BY_SLIPWAY_ALONE:
            with self.subTest(instead=instead):
                wrong = changed(text, there, instead)
                self.assert_invalid(wrong, field)
                answer = self.dry_run(wrong)
                self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_what_the_api_server_judges_more_strictly(self):
        for text, there, instead, field in REFUSED_BY_THE_API_SERVER_ALONE:
            with self.subTest(instead=instead):
                harmless = changed(text, there, instead)
                self.assertEqual(self.validate(harmless).returncode, 0, self.validate(harmless).stderr)
                answer = self.dry_run(harmless)
                self.assertNotEqual(answer.returncode, 0, answer.stdout)
                self.assertIn(field, answer.stderr)

    def test_a_misspelt_gate_is_refused_by_whoever_it_is_dropped(self):
        for text, there in ((PUBLICATION, "scan: {"), (REGISTRY.replace("actions:", "gates: {scan: {}}, actions:"), "scan: {")):
            answer = self.kubectl("apply", "--dry-run=server", "--validate=false", "-f", "-",
                                  stdin=changed(text, there, "scann: {"), check=False)
            self.assertNotEqual(answer.returncode, 0, answer.stdout)
            self.assertIn("no gate is given", answer.stderr)

    def test_what_identifies_an_object_stays(self):
        for text, there, instead in ((PUBLICATION, "repository: shop/app", "repository: shop/other"),
                                     (PUBLICATION, "registryRef: {name: contoso}", "registryRef: {name: other}"),
                                     (REGISTRY, "contoso.azurecr.io", "other.azurecr.io")):
            self.kubectl("apply", "-f", "-", stdin=text)
            with self.subTest(instead=instead):
                answer = self.dry_run(changed(text, there, instead))
                self.assertNotEqual(answer.returncode, 0, answer.stdout)
                self.assertIn("can't be changed", answer.stderr)

    def test_kubectl_answers_the_first_question_in_columns(self):
        self.kubectl("apply", "-f", "-", stdin=PUBLICATION)
        status = {"observedGeneration": 1,
                  "conditions": [{"type": "Ready", "status": "False", "reason": "GateRefused", "message": "scan: 1 Critical",
                                  "observedGeneration": 1, "lastTransitionTime": "2026-11-24T09:00:00Z"}]}
        self.kubectl("patch", "ipub", "app", "-n", "shop", "--subresource=status", "--type=merge", "-p",
                     json.dumps({"status": status}))
        shown = self.kubectl("get", "ipub", "-n", "shop").stdout.splitlines()
        self.assertEqual((shown[0].split()[:2], shown[0].split()[-1]), (["NAME", "READY"], "AGE"))
        self.assertRegex(shown[1], r" \d+[ms] *$")
        self.assertIn("GateRefused", shown[1])
        self.assertIn("scan: 1 Critical", self.kubectl("get", "ipub", "-n", "shop", "-o", "wide").stdout)
        # While an edit is worked on, Ready is of what was before.
        status["conditions"].append({"type": "Reconciling", "status": "True", "reason": "Progressing",
                                     "message": "waiting for ghcr.io", "observedGeneration": 2,
                                     "lastTransitionTime": "2026-11-24T09:00:00Z"})
        self.kubectl("patch", "ipub", "app", "-n", "shop", "--subresource=status", "--type=merge", "-p",
                     json.dumps({"status": status}))
        shown = self.kubectl("get", "ipub", "-n", "shop").stdout.splitlines()
        self.assertIn("PROGRESS", shown[0])
        self.assertIn("Progressing", shown[1])
        self.assertIn("waiting for ghcr.io", self.kubectl("get", "ipub", "-n", "shop", "-o", "wide").stdout)
        for kind, text in (("acr", REGISTRY), ("retpol", POLICY)):
            self.kubectl("apply", "-f", "-", stdin=text)
            shown = self.kubectl("get", kind, "-n", "shop").stdout.splitlines()
            self.assertEqual((shown[0].split()[0], shown[0].split()[-1]), ("NAME", "AGE"))
            self.assertRegex(shown[1], r" \d+[ms] *$")


class FloorTest(unittest.TestCase):
    """The oldest Kubernetes that the chart promises, by its own judgement of CRDs."""

    @classmethod
    def setUpClass(cls):
        cls.program = programs("floor") / "floor"
        cls.definitions = "\n---\n".join(path.read_text() for path in sorted(CRDS.glob("*.yaml")))

    def refusal(self, definitions):
        judged = subprocess.run([self.program], input=definitions, capture_output=True, text=True)
        self.assertEqual(judged.returncode, 1 if judged.stderr else 0)
        return judged.stderr

    def test_it_is_the_one_that_the_chart_promises(self):
        (promised,) = re.findall(r'^kubeVersion: ">=1\.(\d+)\.0-0"$', (ROOT / "charts/slipway/Chart.yaml").read_text(), re.M)
        module = (HERE / "floor/go.mod").read_text()
        self.assertEqual(set(re.findall(r"^\tk8s\.io/(?:apiextensions-apiserver|apimachinery) v0\.(\d+)\.", module, re.M)), {promised})

    def test_it_takes_the_crds(self):
        self.assertEqual(self.definitions.count("kind: CustomResourceDefinition"), 3)
        self.assertEqual(self.refusal(self.definitions), "")

    def test_it_would_not_take_what_is_younger(self):
        newer = changed(self.definitions, "rule: self == oldSelf", "rule: isSemver(self)")
        self.assertIn("undeclared reference to 'isSemver'", self.refusal(newer))
        newer = changed(self.definitions, "scope: Namespaced", "scope: Namespaced\n  observers: []")
        self.assertIn('unknown field "spec.observers"', self.refusal(newer))


if __name__ == "__main__":
    SLIPWAY = pathlib.Path(sys.argv[1]).resolve()
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
