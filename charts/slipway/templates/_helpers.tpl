{{- define "slipway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
A Deployment adds 17 characters for the names of its pods, and a host name, by which replicas tell each other apart, has 63.
*/}}
{{- define "slipway.fullname" -}}
{{- $name := include "slipway.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 46 | trimSuffix "-" }}
{{- end }}

{{- define "slipway.selector" -}}
app.kubernetes.io/name: {{ include "slipway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Without versions: what is in them would restart every pod with each version of the chart. */}}
{{- define "slipway.podLabels" -}}
{{- $fixed := include "slipway.selector" . | fromYaml }}
{{- if .Values.workloadIdentity.enabled }}
{{- $fixed = set $fixed "azure.workload.identity/use" "true" }}
{{- end }}
{{- toYaml (merge $fixed .Values.podLabels .Values.commonLabels (dict "app.kubernetes.io/part-of" "slipway")) }}
{{- end }}

{{/* Each once, though people name some of them: but for the selector, what they say counts. */}}
{{- define "slipway.labels" -}}
{{- $own := dict "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")
  "app.kubernetes.io/version" .Chart.AppVersion "app.kubernetes.io/managed-by" .Release.Service
  "app.kubernetes.io/part-of" "slipway" }}
{{- $fixed := include "slipway.selector" . | fromYaml }}
{{- toYaml (merge $fixed .Values.commonLabels $own) }}
{{- end }}

{{- define "slipway.serviceAccount" -}}
{{- default (ternary (include "slipway.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "slipway.subject" -}}
- kind: ServiceAccount
  name: {{ include "slipway.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- define "slipway.image" -}}
{{- $repository := required "image.repository: say where you published the image, for example --set image.repository=contoso.azurecr.io/slipway" .Values.image.repository }}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{/* The namespaces whose Secrets and ConfigMaps are read: the release's own first. */}}
{{- define "slipway.namespaces" -}}
{{- if and .Values.clusterWide .Values.watchNamespaces }}
{{- fail "watchNamespaces and clusterWide: give one of them; clusterWide: true covers every namespace" }}
{{- end }}
{{- prepend .Values.watchNamespaces .Release.Namespace | uniq | join "," }}
{{- end }}

{{/* Names, by a space, those of the given namespaces that are not there. Where no API server is asked (helm template), none. */}}
{{- define "slipway.missing" -}}
{{- $missing := list }}
{{- if lookup "v1" "Namespace" "" "default" }}
{{- range . }}
{{- if not (lookup "v1" "Namespace" "" .) }}{{ $missing = append $missing . }}{{ end }}
{{- end }}
{{- end }}
{{- join " " $missing }}
{{- end }}

{{/* Before anything is written, so that no release is left half way. */}}
{{- define "slipway.mustBeThere" -}}
{{- with include "slipway.missing" .namespaces }}
{{- fail (printf "%s: not in this cluster: %s. Create what is missing first (kubectl create namespace %s), or take it out of %s; nothing has been changed" $.value . (first (splitList " " .)) $.value) }}
{{- end }}
{{- end }}

{{/* The controller's command line: nowhere else. Without --watch-namespaces it is every namespace. */}}
{{- define "slipway.args" -}}
- run
- --in-cluster
- --listen={{ .Values.listenHost }}:8080
- --workers={{ .Values.workers }}
- --log-format={{ .Values.log.format }}
- --log-level={{ .Values.log.level }}
- --controller-namespace={{ .Release.Namespace }}
- --lease-namespace={{ .Release.Namespace }}
- --lease-group={{ include "slipway.fullname" . }}
- --grace={{ max 1 (sub (int .Values.terminationGracePeriodSeconds) 15) }}s
{{- $namespaces := include "slipway.namespaces" . }}
{{- if not .Values.clusterWide }}
- --watch-namespaces={{ $namespaces }}
{{- end }}
{{- if .Values.audit.persistence.enabled }}
- --audit-folder=/var/lib/slipway/audit
{{- end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A monitoring resource whose API is not there is left out, and NOTES says so. */}}
{{- define "slipway.hasMonitoring" -}}
{{- if .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}yes{{ end }}
{{- end }}
