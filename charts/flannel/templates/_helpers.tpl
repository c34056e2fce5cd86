{{- define "flannel.selector" -}}
app.kubernetes.io/name: flannel
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "flannel.labels" -}}
{{ include "flannel.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "flannel.network" -}}
{{- $backend := dict "Type" .Values.backend.type -}}
{{- if .Values.backend.port }}{{ $_ := set $backend "Port" (int .Values.backend.port) }}{{ end -}}
{{- dict "Network" .Values.podNetwork "EnableNFTables" .Values.nftables "Backend" $backend | toPrettyJson -}}
{{- end }}
