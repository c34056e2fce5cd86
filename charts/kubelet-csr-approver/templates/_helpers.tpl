{{- define "approver.selector" -}}
app.kubernetes.io/name: kubelet-csr-approver
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "approver.labels" -}}
{{ include "approver.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
