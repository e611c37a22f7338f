{{- define "loyalty.labels" -}}
app.kubernetes.io/name: loyalty
app.kubernetes.io/part-of: shop
tidegate.dev/component: pricing
{{- end }}
