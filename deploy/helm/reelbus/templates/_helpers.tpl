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

{{/* A container of the operator: (list $ "migrate" (list "python" "-m" "reelbus" "migrate")). */}}
{{- define "reelbus.operator" -}}
{{- $root := first . -}}
- name: {{ index . 1 }}
  image: {{ include "reelbus.image" (list $root "operator") }}
  {{- with $root.Values.image.pullPolicy }}
  imagePullPolicy: {{ . }}
  {{- end }}
  command: {{ toJson (last .) }}
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
    {{- include "reelbus.confined" $root | nindent 4 }}
  volumeMounts:
    - name: secrets
      mountPath: /run/secrets/reelbus
      readOnly: true
    - name: tmp
      mountPath: /tmp
{{- end }}

{{/* What pods have in common. */}}
{{- define "reelbus.pod" -}}
automountServiceAccountToken: false
# Its variables would be called REELBUS_…, like settings.
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* Keys of the Secret as files that are called like settings; of nats-url-edge, nats-url-jobs, … each is the
reelbus_nats_url of one service. */}}
{{- define "reelbus.secretItems" -}}
{{- range . }}
- key: {{ . }}
  path: reelbus_{{ regexReplaceAll "^nats-url-.*" . "nats-url" | replace "-" "_" }}
{{- end }}
{{- end }}
