# Five rules about containers for conftest, beside what tidegate asks of them.
package main

import rego.v1

workload := input.spec.template.spec if input.kind in {"Deployment", "StatefulSet", "DaemonSet", "Job"}

workload := input.spec.jobTemplate.spec.template.spec if input.kind == "CronJob"

workload := input.spec if input.kind == "Pod"

name := object.get(input, ["metadata", "name"], "?")

deny contains sprintf("%s %s: %s has no memory limit", [input.kind, name, container.name]) if {
	some container in workload.containers
	not container.resources.limits.memory
}

deny contains sprintf("%s %s: %s requests no cpu", [input.kind, name, container.name]) if {
	some container in workload.containers
	not container.resources.requests.cpu
}

deny contains sprintf("%s %s: %s requests no memory", [input.kind, name, container.name]) if {
	some container in workload.containers
	not container.resources.requests.memory
}

deny contains sprintf("%s %s: %s has no readiness probe", [input.kind, name, container.name]) if {
	some container in workload.containers
	input.kind in {"Deployment", "StatefulSet"}
	not container.readinessProbe
}

deny contains sprintf("%s %s: %s runs latest", [input.kind, name, container.name]) if {
	some container in workload.containers
	endswith(container.image, ":latest")
}
