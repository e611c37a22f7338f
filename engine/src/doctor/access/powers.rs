//! What a right is good for: each power that leads round the gate, and the rights of an API server that give it.
//! A table; compares nothing.

/// What somebody may do, and what that opens.
pub(super) struct Power {
    pub(super) code: &'static str,
    pub(super) reach: Reach,
    pub(super) rights: &'static [Right],
    /// Objects that alone give it, where a right names its objects.
    pub(super) names: Names,
    /// After *may*.
    pub(super) may: &'static str,
    pub(super) fix: &'static str,
}

/// Where a right must hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// In some namespace.
    Anywhere,
    /// Where Argo CD runs.
    ArgoCd,
    /// Where something judged is deployed, and the gate's Job runs.
    Deployed,
    /// On what lies in no namespace.
    Cluster,
}

/// One of these verbs on one of these resources.
pub(super) struct Right {
    pub(super) group: &'static str,
    pub(super) resources: &'static [&'static str],
    pub(super) verbs: &'static [&'static str],
}

#[derive(Clone, Copy)]
pub(super) enum Names {
    Any,
    ArgoCd,
    Trust,
    Policies,
    /// The Secret that the gate's Git is configured by.
    Git,
    /// What Argo CD's objects are.
    Definitions,
    /// Who signs certificates that the API server takes for somebody.
    Signers,
}

/// Each power; somebody who has several is told by the first.
pub(super) const POWERS: [Power; 14] = [
    Power {
        code: "rights-on-applications",
        reach: Reach::Anywhere,
        rights: &[Right {
            group: "argoproj.io",
            resources: &["applications", "applications/status", "applications/*"],
            verbs: &["create", "update", "patch", "break-glass"],
        }],
        names: Names::Any,
        may: "change Applications: their sources, and what they say of themselves",
        fix: "leave `create`, `update` and `patch` on `applications` to Argo CD's own service accounts; others change Git",
    },
    Power {
        code: "rights-on-applications",
        reach: Reach::Anywhere,
        rights: &[Right {
            group: "argoproj.io",
            resources: &["applicationsets", "appprojects"],
            verbs: WRITE,
        }],
        names: Names::Any,
        may: "change what makes Applications, and what these may reach",
        fix: "leave `create`, `update` and `patch` on `applicationsets` and `appprojects` to what installs the platform from Git",
    },
    Power {
        code: "rights-to-rights",
        reach: Reach::Cluster,
        rights: &[
            ROLES,
            Right {
                group: "",
                resources: &["users", "groups", "serviceaccounts"],
                verbs: &["impersonate"],
            },
        ],
        names: Names::Any,
        may: "take rights that it does not have (`escalate`, `bind` or `impersonate`)",
        fix: "take these verbs away; who installs the platform binds roles from Git",
    },
    Power {
        code: "rights-to-rights",
        reach: Reach::Cluster,
        rights: &[Right {
            group: "",
            resources: &["nodes/proxy"],
            verbs: &["create", "get"],
        }],
        names: Names::Any,
        may: "run what it likes in every Pod, by the node (`nodes/proxy`)",
        fix: "take `nodes/proxy` away; for figures give `nodes/metrics`",
    },
    Power {
        code: "rights-to-rights",
        reach: Reach::Cluster,
        rights: &[Right {
            group: "certificates.k8s.io",
            resources: &["signers"],
            verbs: &["approve", "sign"],
        }],
        names: Names::Signers,
        may: "make certificates by which the API server takes it for somebody else (`signers`)",
        fix: "leave the signer `kubernetes.io/kube-apiserver-client` to the control plane",
    },
    Power {
        code: "rights-to-rights",
        reach: Reach::ArgoCd,
        rights: &[
            ROLES,
            Right {
                group: "",
                resources: &["serviceaccounts"],
                verbs: &["impersonate"],
            },
            Right {
                group: "",
                resources: &[
                    "serviceaccounts/token",
                    "pods",
                    "pods/exec",
                    "pods/ephemeralcontainers",
                ],
                verbs: WRITE,
            },
            Right {
                group: "",
                resources: &["secrets"],
                verbs: &["get", "list", "watch", "create", "update", "patch"],
            },
            Right {
                group: "apps",
                resources: &["deployments", "statefulsets", "daemonsets", "replicasets"],
                verbs: WRITE,
            },
        ],
        names: Names::Any,
        may: "act as Argo CD: with its accounts, its secrets or its Pods",
        fix: "give no rights on Pods, workloads, tokens and secrets in Argo CD's namespace",
    },
    Power {
        code: "rights-on-policy",
        reach: Reach::Cluster,
        rights: &[Right {
            group: "admissionregistration.k8s.io",
            resources: &[
                "validatingadmissionpolicies",
                "validatingadmissionpolicybindings",
            ],
            verbs: REMOVE,
        }],
        names: Names::Policies,
        may: "change the admission policy or its binding, or take them away",
        fix: "leave policies and bindings of `admissionregistration.k8s.io` to what installs the platform from Git",
    },
    Power {
        code: "rights-on-policy",
        reach: Reach::Cluster,
        rights: &[Right {
            group: "admissionregistration.k8s.io",
            resources: &[
                "mutatingadmissionpolicies",
                "mutatingadmissionpolicybindings",
                "mutatingwebhookconfigurations",
            ],
            verbs: WRITE,
        }],
        names: Names::Any,
        may: "have the API server change objects before it keeps them: the gate's Job, Applications",
        fix: "leave what mutates to what installs the platform from Git",
    },
    Power {
        code: "rights-on-policy",
        reach: Reach::Cluster,
        rights: &[Right {
            group: "apiextensions.k8s.io",
            resources: &["customresourcedefinitions"],
            verbs: REMOVE,
        }],
        names: Names::Definitions,
        may: "say what an Application is: which of its fields are kept, and who converts it",
        fix: "leave the definitions of `argoproj.io` to what installs Argo CD; others name theirs under `resourceNames`",
    },
    Power {
        code: "rights-on-policy",
        reach: Reach::Cluster,
        rights: &[Right {
            group: "apiregistration.k8s.io",
            resources: &["apiservices"],
            verbs: REMOVE,
        }],
        names: Names::Any,
        may: "answer in the place of the API server (`apiservices`): for Applications, Jobs and policies",
        fix: "leave `apiservices` to what installs the platform from Git",
    },
    Power {
        code: "rights-on-configuration",
        reach: Reach::ArgoCd,
        rights: MAPS,
        names: Names::ArgoCd,
        may: "say what Argo CD believes (`argocd-cm`) and whom it obeys (`argocd-rbac-cm`)",
        fix: "leave ConfigMaps in Argo CD's namespace to what installs the platform from Git",
    },
    Power {
        code: "rights-on-configuration",
        reach: Reach::Deployed,
        rights: MAPS,
        names: Names::Trust,
        may: "say whom the gate trusts: it reads a ConfigMap of its namespace",
        fix: "give no rights on `tidegate-trust`; or follow a promoted branch, where nothing of the gate lies beside what is deployed",
    },
    Power {
        code: "rights-on-configuration",
        reach: Reach::Deployed,
        rights: &[Right {
            group: "",
            resources: &["secrets"],
            verbs: WRITE,
        }],
        names: Names::Git,
        may: "say how the gate's Git is configured, and so what runs in its Pod: it reads a Secret of its namespace",
        fix: "give no rights on `tidegate-git-read`, and none to create Secrets beside it; or follow a promoted branch",
    },
    Power {
        code: "rights-on-hook",
        reach: Reach::Deployed,
        rights: &[
            ROLES,
            Right {
                group: "batch",
                resources: &["jobs/status"],
                verbs: &["update", "patch"],
            },
            Right {
                group: "",
                resources: &["pods", "pods/status", "pods/ephemeralcontainers"],
                verbs: &["update", "patch"],
            },
            Right {
                group: "",
                resources: &["pods/exec", "pods/attach"],
                verbs: &["create", "get"],
            },
        ],
        names: Names::Any,
        may: "say that the gate's Job is done (`jobs/status`), say what its Pod runs, or take the right to",
        fix: "give no rights on `jobs/status` and on running Pods where the gate's Job runs; or follow a promoted branch",
    },
];

const WRITE: &[&str] = &["create", "update", "patch"];
const REMOVE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
/// Of Roles that others may be given.
const ROLES: Right = Right {
    group: "rbac.authorization.k8s.io",
    resources: &["roles", "clusterroles"],
    verbs: &["escalate", "bind"],
};
const MAPS: &[Right] = &[Right {
    group: "",
    resources: &["configmaps"],
    verbs: WRITE,
}];
