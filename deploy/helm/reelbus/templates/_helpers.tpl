{{- define "reelbus.labels" -}}
app.kubernetes.io/name: reelbus
app.kubernetes.io/part-of: reelbus
{{- end }}

{{- define "reelbus.chartLabels" -}}
{{ include "reelbus.labels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The image of a service: (list $ "edge"). */}}
{{- define "reelbus.image" -}}
{{- $image := (first .).Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end }}{{ $image.repository }}/{{ last . }}:{{ $image.tag | default (first .).Chart.AppVersion }}
{{- end }}

{{- define "reelbus.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* An init container that runs a command of the operator: (list $ "migrate"). */}}
{{- define "reelbus.operator" -}}
{{- $image := (first .).Values.image -}}
- name: {{ last . }}
  image: {{ include "reelbus.image" (list (first .) "operator") }}
  {{- with $image.pullPolicy }}
  imagePullPolicy: {{ . }}
  {{- end }}
  command: [python, -m, reelbus, {{ last . }}]
  envFrom:
    - configMapRef:
        name: reelbus
  env:
    - name: HOME
      value: /tmp
  resources:
    requests:
      cpu: 100m
      memory: 128Mi
      ephemeral-storage: 64Mi
    limits:
      memory: 384Mi
      ephemeral-storage: 512Mi
  securityContext:
    {{- include "reelbus.confined" . | nindent 4 }}
  volumeMounts:
    - name: secrets
      mountPath: /run/secrets/reelbus
      readOnly: true
    - name: tmp
      mountPath: /tmp
{{- end }}

{{/* Keys of the Secret as files that are called like settings. */}}
{{- define "reelbus.secretItems" -}}
{{- range . }}
- key: {{ . }}
  path: reelbus_{{ . | replace "-" "_" }}
{{- end }}
{{- end }}
